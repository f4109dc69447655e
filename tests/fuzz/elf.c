// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Program files: whatever the user names is read. The fuzzer's own file is a valid one. */
#include "core/elf/image.h"
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

void fuzz_one(const uint8_t *bytes, size_t len)
{
	ElfW(Ehdr) header;
	ElfW(Phdr) headers[64];
	struct elf_image image;
	struct elf_symbol symbol;
	if (len < sizeof(header)) {
		return;
	}
	memcpy(&header, bytes, sizeof(header));
	if (header.e_phnum > 64 || header.e_phoff > len
	    || header.e_phnum * sizeof(headers[0]) > len - header.e_phoff) {
		return;
	}
	memcpy(headers, bytes + header.e_phoff, header.e_phnum * sizeof(headers[0]));
	int fd = memfd_create("elf", MFD_CLOEXEC);
	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len) {
		abort();
	}
	if (elf_image_open_file(&image, fd, headers, header.e_phnum)) {
		elf_image_lookup(&image, "malloc", &symbol);
		elf_image_lookup(&image, "main", &symbol);
	}
	close(fd);
}

size_t fuzz_seed(unsigned number, uint8_t *bytes)
{
	int fd = open(number == 0 ? "/bin/true" : "/bin/sh", O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 || number > 1 ? 0 : read(fd, bytes, FUZZ_MAX_BYTES);
	close(fd);
	return len > 0 ? (size_t)len : 0;
}
