// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* The hook, whole, as bytes in the tool: see cmd/hook_image.h. The Makefile's -I finds hook.so. */
	.section .rodata.hook_image, "a"
	.balign 64
	.globl hook_image
	.globl hook_image_end
	.hidden hook_image
	.hidden hook_image_end
	.type hook_image, %object
	.size hook_image, hook_image_end - hook_image
hook_image:
	.incbin "hook.so"
hook_image_end:
	.section .note.GNU-stack, "", %progbits
