// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The memory of another process, which must not change meanwhile: pages that were read are kept.
 * Nothing in it is believed: addresses may be any, and what is not there cannot be read.
 */
#ifndef CORE_REMOTE_MEMORY_H
#define CORE_REMOTE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REMOTE_PAGE_BYTES 4096u
#define REMOTE_PAGES 256u

/** About 1 MiB; the descriptor is the caller's. */
struct remote_memory {
	/** /proc/PID/mem. */
	int fd;
	struct remote_page {
		/** Address of the page + 1; 0: none. */
		uint64_t key;
		/** How many of its bytes could be read. */
		size_t len;
		unsigned char bytes[REMOTE_PAGE_BYTES];
	} pages[REMOTE_PAGES];
};

/** The memory behind fd, nothing of it read yet. NULL without memory of our own; free it. */
struct remote_memory *remote_memory_new(int fd);

/** Read len bytes. False, with some of them written, if not all can be read. */
bool remote_bytes(struct remote_memory *memory, uint64_t address, void *ret_bytes, size_t len);

/** What lies at an address, or 0 where nothing can be read. */
uint64_t remote_word(struct remote_memory *memory, uint64_t address);
uint32_t remote_u32(struct remote_memory *memory, uint64_t address);
uint8_t remote_u8(struct remote_memory *memory, uint64_t address);

#endif
