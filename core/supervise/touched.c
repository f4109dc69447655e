// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/supervise/touched.h"

#include "core/base/atomic.h"
#include "core/host/fd.h"
#include "core/host/proc.h"

#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

/** Less than this is not worth a look. */
#define GROWTH_BYTES_MIN ((uint64_t)1 << 20)
/** Pages that are read at a time. */
#define PAGES_AT_ONCE 8192u
/** And in one look: 64 GiB. Nothing that the workload may have written keeps us longer. */
#define PAGES_MAX ((uint64_t)1 << 24)
/** Of a page that is in memory (Documentation/admin-guide/mm/pagemap.rst). */
#define PAGE_IS_PRESENT ((uint64_t)1 << 63)

/** Bytes of [start, end) that are in memory, as far as pages may be read. */
static uint64_t count_present(int pagemap, uint64_t start, uint64_t end, uint64_t *pages_left)
{
	static uint64_t pages[PAGES_AT_ONCE];
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t present = 0;
	while (start < end && *pages_left) {
		uint64_t wanted = (end - start) / page_bytes;
		wanted = wanted < PAGES_AT_ONCE ? wanted : PAGES_AT_ONCE;
		wanted = wanted < *pages_left ? wanted : *pages_left;
		ssize_t got = pread(pagemap, pages, wanted * sizeof(*pages),
				    (off_t)(start / page_bytes * sizeof(*pages)));
		if (got < (ssize_t)sizeof(*pages)) {
			break;
		}
		uint64_t count = (uint64_t)got / sizeof(*pages);
		for (uint64_t i = 0; i < count; i++) {
			present += (pages[i] & PAGE_IS_PRESENT) != 0;
		}
		start += count * page_bytes;
		*pages_left -= count;
	}
	return present * page_bytes;
}

/** Keep what there is of each mapping of the table. */
static void see_all(struct touched *touched, const struct sparse_mapping *table, const char *root,
		    pid_t pid)
{
	char path[PROC_PATH_MAX];
	cleanup_fd int pagemap = proc_path(path, sizeof(path), root, pid, "pagemap")
		? open(path, O_RDONLY | O_CLOEXEC)
		: -1;
	if (pagemap < 0) {
		return;
	}
	uint64_t pages_left = PAGES_MAX;
	touched->count = 0;
	for (uint32_t i = 0; i < SPARSE_MAX; i++) {
		if (table[i].entry && table[i].start < table[i].end) {
			struct sparse_mapping *seen = &touched->seen[touched->count++];
			*seen = table[i];
			seen->touched_bytes =
				count_present(pagemap, seen->start, seen->end, &pages_left);
		}
	}
}

static bool has_any(const struct sparse_mapping *table)
{
	uint32_t entries = 0;
	for (uint32_t i = 0; i < SPARSE_MAX; i++) {
		entries |= table[i].entry;
	}
	return entries;
}

void touched_look(struct touched *touched, int segment_fd, struct segment_header *header,
		  const char *root, pid_t pid, uint64_t anonymous_bytes, bool is_forced)
{
	struct sparse_mapping table[SPARSE_MAX];
	uint64_t at = slot_offset(0) + offsetof(struct slot, sparse);
	if (pread(segment_fd, table, sizeof(table), (off_t)at) != sizeof(table)
	    || !has_any(table)) {
		touched->count = 0;
		return;
	}
	bool is_asked = load_relaxed(&header->totals.look_wanted);
	if (!is_asked) {
		touched->count = 0;
	}
	uint64_t before = touched->anonymous_bytes;
	bool has_moved = anonymous_bytes > before + GROWTH_BYTES_MIN
		|| before > anonymous_bytes + GROWTH_BYTES_MIN;
	if (is_forced || (is_asked && (has_moved || !touched->count))) {
		see_all(touched, table, root, pid);
	}
	if (has_moved || is_forced) {
		touched->anonymous_bytes = anonymous_bytes;
		store_relaxed(&header->totals.look_wanted, 1);
	}
}
