// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/sanitizer.h"

#include "core/base/attributes.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define NAME_BYTES 64
#define ENTRIES_MAX 4096u

static const struct {
	const char *library; /* the start of its name */
	const char *name;
} sanitizers[] = {
	{"libasan.", "AddressSanitizer"},
	{"libclang_rt.asan", "AddressSanitizer"},
	{"libtsan.", "ThreadSanitizer"},
	{"libclang_rt.tsan", "ThreadSanitizer"},
	{"libhwasan.", "HWAddressSanitizer"},
	{"libclang_rt.hwasan", "HWAddressSanitizer"},
};

/* Position in the file of an address; 0 if no segment has it. */
static Elf64_Off offset_of(const Elf64_Phdr *headers, unsigned count, Elf64_Addr address)
{
	for (unsigned i = 0; i < count; i++) {
		const Elf64_Phdr *h = &headers[i];
		if (h->p_type == PT_LOAD && address >= h->p_vaddr &&
		    address - h->p_vaddr < h->p_filesz) {
			return h->p_offset + (address - h->p_vaddr);
		}
	}
	return 0;
}

static const char *sanitizer_of_library(const char *library)
{
	for (unsigned i = 0; i < countof(sanitizers); i++) {
		if (strncmp(library, sanitizers[i].library, strlen(sanitizers[i].library)) == 0) {
			return sanitizers[i].name;
		}
	}
	return NULL;
}

/* Entry number i of the dynamic section; false at its end. */
static bool read_entry(int fd, const Elf64_Phdr *dynamic, unsigned i, Elf64_Dyn *ret)
{
	off_t at = (off_t)(dynamic->p_offset + i * sizeof(*ret));

	return i < ENTRIES_MAX && i < dynamic->p_filesz / sizeof(*ret) &&
	       pread(fd, ret, sizeof(*ret), at) == (ssize_t)sizeof(*ret) && ret->d_tag != DT_NULL;
}

static const Elf64_Phdr *find_dynamic(const Elf64_Phdr *headers, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (headers[i].p_type == PT_DYNAMIC) {
			return &headers[i];
		}
	}
	return NULL;
}

const char *sanitizer_of_program(int fd, const Elf64_Phdr *headers, unsigned count)
{
	const Elf64_Phdr *dynamic = find_dynamic(headers, count);
	const char *found = NULL;
	Elf64_Off strings = 0;
	Elf64_Dyn entry;

	for (unsigned i = 0; dynamic && read_entry(fd, dynamic, i, &entry); i++) {
		if (entry.d_tag == DT_STRTAB) {
			strings = offset_of(headers, count, entry.d_un.d_ptr);
		}
	}
	for (unsigned i = 0; strings && !found && read_entry(fd, dynamic, i, &entry); i++) {
		char library[NAME_BYTES] = "";
		if (entry.d_tag == DT_NEEDED &&
		    pread(fd, library, sizeof(library) - 1,
			  (off_t)(strings + entry.d_un.d_val)) > 0) {
			found = sanitizer_of_library(library);
		}
	}
	return found;
}
