// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* The licences, packed, as bytes in the tool: see cmd/license_text.h. */
	.section .rodata.license_text, "a"
	.globl license_text
	.globl license_text_end
	.hidden license_text
	.hidden license_text_end
	.type license_text, %object
	.size license_text, license_text_end - license_text
license_text:
	.incbin "license.gz"
license_text_end:
	.section .note.GNU-stack, "", %progbits
