// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/remote/memory.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct remote_memory *remote_memory_new(int fd)
{
	struct remote_memory *memory = calloc(1, sizeof(*memory));
	if (memory) {
		memory->fd = fd;
	}
	return memory;
}

static const struct remote_page *page_at(struct remote_memory *memory, uint64_t start)
{
	struct remote_page *page = &memory->pages[start / REMOTE_PAGE_BYTES % REMOTE_PAGES];
	if (page->key != start + 1) {
		ssize_t len = pread(memory->fd, page->bytes, sizeof(page->bytes), (off_t)start);
		page->key = start + 1;
		page->len = len > 0 ? (size_t)len : 0;
	}
	return page;
}

bool remote_bytes(struct remote_memory *memory, uint64_t address, void *ret_bytes, size_t len)
{
	unsigned char *to = ret_bytes;
	while (len) {
		size_t within = address % REMOTE_PAGE_BYTES;
		size_t part = REMOTE_PAGE_BYTES - within;
		part = part < len ? part : len;
		const struct remote_page *page = page_at(memory, address - within);
		if (page->len < within + part) {
			return false;
		}
		memcpy(to, page->bytes + within, part);
		to += part;
		address += part;
		len -= part;
	}
	return true;
}

uint64_t remote_word(struct remote_memory *memory, uint64_t address)
{
	uint64_t word;
	return remote_bytes(memory, address, &word, sizeof(word)) ? word : 0;
}

uint32_t remote_u32(struct remote_memory *memory, uint64_t address)
{
	uint32_t word;
	return remote_bytes(memory, address, &word, sizeof(word)) ? word : 0;
}

uint8_t remote_u8(struct remote_memory *memory, uint64_t address)
{
	uint8_t byte;
	return remote_bytes(memory, address, &byte, 1) ? byte : 0;
}
