// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * What is said about a recording across borders: the hook counts it, the segment and captures carry
 * it, reports show it. Wire values: append, never renumber.
 */
#ifndef CORE_BASE_RECORDING_H
#define CORE_BASE_RECORDING_H

/** One bit each: what this image could not or need not do. Shown in reports. */
#define IMAGE_OWN_MALLOC 0x1u      /* the executable defines malloc: its calls are not seen */
#define IMAGE_FREE_THREADED 0x2u   /* a Python without the GIL */
#define IMAGE_DOMAINS_WRAPPED 0x4u /* CPython's MEM and OBJ domains go through the hook */
#define IMAGE_OWN_SIGUSR2 0x8u     /* SIGUSR2 was not the default at start: left alone */
#define IMAGE_NOT_FOLLOWED 0x10u   /* it executed an image that could not load the hook */
#define IMAGE_NEW_NOT_SEEN 0x20u   /* a preloaded allocator serves C++ new by itself */
#define IMAGE_CEILING_BLIND 0x40u  /* what it uses could not be read from inside any more */
#define IMAGE_OWN_MMAP 0x80u       /* the executable defines mmap, too: nor are its mappings */

/** The outermost frame of a stack of machine code whose next one has no unwind table. */
#define LABEL_NO_TABLE "[callers unknown: no unwind data]"

/** Why something was not recorded: counts, in every report. */
enum missed {
	MISSED_NO_SPACE = 0, /* the segment could not grow (address space, file size, its end) */
	MISSED_NESTED,       /* in a signal handler that interrupted the hook, no room to defer */
	MISSED_LOCK,         /* the lock was not to be had within its bound */
	MISSED_LOST_FREE,    /* a block appeared where another was live: its free was not seen */
	MISSED_DEPTH,        /* stacks cut at the depth limit */
	MISSED_COUNT
};

#endif
