// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* The Python package, as a zip file in the tool: see cmd/package.h. The Makefile's -I finds it. */
	.section .rodata.package_image, "a"
	.balign 64
	.globl package_image
	.globl package_image_end
	.hidden package_image
	.hidden package_image_end
	.type package_image, %object
	.size package_image, package_image_end - package_image
package_image:
	.incbin "filprofiler.zip"
package_image_end:
	.section .note.GNU-stack, "", %progbits
