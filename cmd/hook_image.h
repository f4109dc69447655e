// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The hook's shared object as the linker made it, embedded in the tool: what is written into
 * a memfd and preloaded into the workload. Read-only, aligned to 64 bytes, never unloaded.
 */
#ifndef CMD_HOOK_IMAGE_H
#define CMD_HOOK_IMAGE_H

/** First byte: an ELF header. The image is hook_image_end - hook_image bytes long. */
extern const unsigned char hook_image[];
/** One past the last byte. */
extern const unsigned char hook_image_end[];

#endif
