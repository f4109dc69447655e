// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The ceiling: would a computer with less memory than this one still go on? Pure decisions over
 * numbers that somebody else has read; the hook and the supervisor make the same ones. No libc, no
 * state but the caller's, any thread, any context.
 *
 * What is compared is what the kernel charges to a container: anonymous and shared memory, page
 * tables, and what it keeps for threads. File pages are left out, since the kernel takes clean ones
 * back before it kills anybody.
 */
#ifndef OOMSIM_CEILING_H
#define OOMSIM_CEILING_H

#include "core/base/breach.h"

#include <stdbool.h>
#include <stdint.h>

/**
 * What the kernel charges for a thread (its kernel stack of 16 KiB, its descriptor) and for a
 * process with a Python in it (descriptors of mappings, files, page cache nodes), beside page
 * tables. Measured on 6.18 with 2,000 idle threads, and as the rest of a container with one Python.
 */
#define CEILING_THREAD_BYTES ((uint64_t)20 << 10)
#define CEILING_PROCESS_BYTES ((uint64_t)160 << 10)
/**
 * The same of each further process: 25 to 55 KiB were measured with 300 forked and 30 started ones,
 * small ones and Pythons with NumPy.
 */
#define CEILING_CHILD_BYTES ((uint64_t)40 << 10)

/** The hook reads what is used when so much more has been asked for, or multiples of it. */
#define CEILING_GRAIN_BYTES ((uint64_t)1 << 20)
/** It looks, too, before a block of at least this size is freed: it may never have been larger. */
#define CEILING_LARGE_BYTES ((uint64_t)256 << 10)
/** Under CEILING_ENOMEM: what small requests may have above the ceiling, so that a handler runs. */
#define CEILING_RESERVE_BYTES ((uint64_t)1 << 20)
/** What counts as small then. */
#define CEILING_SMALL_BYTES ((uint64_t)64 << 10)

/**
 * The charge of one process from the text of its /proc/PID/status (RssAnon, RssShmem, VmPTE,
 * Threads). segment_bytes of its shared memory are ours and are left out.
 *
 * @return false, with *ret_charge untouched, if the text has no RssAnon: a process that has ended.
 */
bool ceiling_parse_status(const char *status, uint64_t segment_bytes, struct charge *ret_charge);

/**
 * Where the next reading is due, in bytes asked for since the start of the image: a multiple of
 * CEILING_GRAIN_BYTES above asked_total, close to the ceiling the very next one. It depends on
 * what was asked for, so that every run of the same program reads at the same allocations near the
 * ceiling, however much the readings before differed.
 *
 * @param asked_total  bytes asked for so far.
 * @param gap          bytes between charge and ceiling; 0 if it is crossed.
 * @param untouched    bytes that were asked for but are not resident: they may become so.
 */
uint64_t ceiling_next_reading(uint64_t asked_total, uint64_t gap, uint64_t untouched);

/**
 * By how much the supervisor's looks, and the counter of faults, let the charge exceed the ceiling
 * before they act: the hook, which acts at the same place in every run, comes first.
 */
uint64_t ceiling_margin(uint64_t limit_bytes);

/** What they compare the charge with. */
static inline uint64_t ceiling_with_margin(uint64_t limit_bytes)
{
	return limit_bytes + ceiling_margin(limit_bytes);
}

/** How often faults can be looked at: at every 1st, 8th, 64th ... of a thread. */
#define CEILING_STEPS 6u
/** Closer to the ceiling than this they are looked at no more often. */
#define CEILING_FAULT_GRAIN_BYTES ((uint64_t)256 << 10)

/** Between two looks of step number 0 .. CEILING_STEPS-1: so many page faults. */
static inline uint64_t ceiling_step_faults(uint32_t step)
{
	return (uint64_t)1 << 3 * step;
}

/** How much memory faults may bring. */
struct fault_pages {
	/** The largest page of one fault, ordinarily and in memory for which that was advised. */
	uint64_t plain_bytes;
	uint64_t advised_bytes;
	/** How much of the latter there is that is not filled yet; UINT64_MAX: not known. */
	uint64_t untouched_bytes;
};

/** What so many faults take at most. */
uint64_t ceiling_faulted(uint64_t faults, const struct fault_pages *pages);

/**
 * The largest step at which faults cannot take more than gap bytes before one of so many threads
 * stops, each of which counts for itself, or at which each thread takes no more than the grain; 0
 * if there is none.
 */
uint32_t ceiling_fault_step(uint64_t gap_bytes, uint32_t threads, const struct fault_pages *pages);

/**
 * By how much the charge can have grown since an earlier reading at most, from what the process has
 * resident: memory of its own, and pages of files and shared memory together. Page tables that this
 * takes are in it.
 */
uint64_t ceiling_growth(uint64_t anonymous_before, uint64_t shared_before, uint64_t anonymous_now,
			uint64_t shared_now);

/** VmRSS of a /proc/PID/status in bytes: all that is resident. */
uint64_t ceiling_parse_resident(const char *status);

/**
 * The text of a /proc/PID/statm: pages that are resident, and those of them that are of files or
 * shared. False, with the outputs untouched, if it is none.
 */
bool ceiling_parse_statm(const char *statm, uint64_t *ret_resident_pages,
			 uint64_t *ret_shared_pages);

/**
 * CEILING_ENOMEM: is a request refused?
 *
 * @param limit_bytes  the ceiling.
 * @param used_bytes   what is charged, or live, now.
 * @param asked_bytes  the request; what it replaces is not in it.
 * @param is_crossed   a request was refused before, and the charge has not gone down since.
 */
bool ceiling_refuses_request(uint64_t limit_bytes, uint64_t used_bytes, uint64_t asked_bytes,
			     bool is_crossed);

#endif
