// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/host/huge_pages.h"

#include "core/base/attributes.h"
#include "core/host/file.h"
#include "core/host/proc.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLDER "/sys/kernel/mm/transparent_hugepage"
#define SIZE_MIN_KIB 8ul
/** 512 MiB: with base pages of 64 KiB. */
#define SIZE_MAX_KIB (512ul << 10)
#define SETTING_MAX 64

static void raise_to(uint64_t *bytes, uint64_t to)
{
	*bytes = to > *bytes ? to : *bytes;
}

/** What a file has chosen: the word in brackets of "always [madvise] never"; "" if none. */
static void read_choice(char choice[SETTING_MAX], const char *root, const char *name)
{
	char path[PROC_PATH_MAX];
	char text[SETTING_MAX];
	*choice = 0;
	if ((size_t)snprintf(path, sizeof(path), "%s" FOLDER "/%s", root, name) < sizeof(path)
	    && file_read_text(path, text, sizeof(text)) > 0) {
		const char *start = strchr(text, '[');
		size_t len = start ? strcspn(start + 1, "]") : 0;
		snprintf(choice, SETTING_MAX, "%.*s", (int)len, start ? start + 1 : "");
	}
}

static bool is_one_of(const char *choice, const char *const *words)
{
	while (*words && strcmp(choice, *words) != 0) {
		words++;
	}
	return *words;
}

/** Pages of this size are used where the choice of a file says so. */
static void apply(struct huge_pages *pages, const char *choice, uint64_t bytes,
		  uint64_t largest_bytes)
{
	static const char *const always[] = { "always", "within_size", "force", NULL };
	static const char *const advised[] = { "madvise", "advise", NULL };
	bool is_always = is_one_of(choice, always);
	if (!is_always && !is_one_of(choice, advised)) {
		return;
	}
	raise_to(&pages->advised_bytes, bytes);
	if (is_always || bytes < largest_bytes) {
		raise_to(&pages->plain_bytes, bytes);
	}
}

/** The setting of all sizes, and those of each, which may inherit it. */
static void read_setting(struct huge_pages *pages, const char *root, const char *name,
			 uint64_t largest_bytes)
{
	char all[SETTING_MAX];
	read_choice(all, root, name);
	apply(pages, all, largest_bytes, largest_bytes);
	for (unsigned long kib = SIZE_MIN_KIB; kib <= SIZE_MAX_KIB; kib *= 2) {
		char file[SETTING_MAX];
		char own[SETTING_MAX];
		snprintf(file, sizeof(file), "hugepages-%lukB/%s", kib, name);
		read_choice(own, root, file);
		apply(pages, strcmp(own, "inherit") == 0 ? all : own, kib << 10, largest_bytes);
	}
}

struct huge_pages huge_pages_read(const char *root)
{
	char path[PROC_PATH_MAX];
	char text[SETTING_MAX];
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	struct huge_pages pages = { page_bytes, page_bytes };
	snprintf(path, sizeof(path), "%s" FOLDER "/hpage_pmd_size", root);
	/* Kernels without it have no huge pages, or are older than 4.10. */
	uint64_t largest_bytes = file_read_text(path, text, sizeof(text)) > 0
		? strtoull(text, NULL, 10)
		: (uint64_t)2 << 20;
	read_setting(&pages, root, "enabled", largest_bytes);
	read_setting(&pages, root, "shmem_enabled", largest_bytes);
	return pages;
}
