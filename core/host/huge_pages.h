// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* How much memory one page fault may bring: the kernel's settings of transparent huge pages. */
#ifndef CORE_HOST_HUGE_PAGES_H
#define CORE_HOST_HUGE_PAGES_H

#include <stdint.h>

/** Bytes of the largest page that a fault may bring. Ordinary pages where nothing is known. */
struct huge_pages {
	/** In memory as it is. */
	uint64_t plain_bytes;
	/**
	 * In memory for which madvise(MADV_HUGEPAGE) was called; at least plain_bytes. A smaller
	 * size for advised memory, beside this one, counts as plain: it comes to chunks, too, that
	 * hold some pages already.
	 */
	uint64_t advised_bytes;
};

/**
 * Read /sys/kernel/mm/transparent_hugepage below root ("" is "/"): for private and for shared
 * memory, and from 6.8 on for each size of pages.
 */
struct huge_pages huge_pages_read(const char *root);

#endif
