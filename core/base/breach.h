// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * What is said across borders about a ceiling (the simulated amount of RAM) and its breach (the
 * workload crossing it): hook and supervisor write it, captures carry it, reports show it. Wire
 * values: append, never renumber.
 */
#ifndef CORE_BASE_BREACH_H
#define CORE_BASE_BREACH_H

#include <stdint.h>

/** What is compared with the ceiling (--limit-of). */
enum ceiling_metric {
	CEILING_NONE = 0,
	/** What the kernel would charge to a container: struct charge. */
	CEILING_RESIDENT = 1,
	/** What was asked for: live blocks and writable mappings. */
	CEILING_ALLOCATED = 2,
	/** RLIMIT_AS. */
	CEILING_ADDRESS_SPACE = 3,
};

/** What a breach leads to (--on-limit). */
enum ceiling_action {
	CEILING_KILL = 0,
	CEILING_ENOMEM = 1,
	CEILING_STOP = 2,
};

/** Who saw it. */
enum breach_trigger {
	/** There was no breach. */
	BREACH_NONE = 0,
	/** The hook, when the program asked for memory. */
	BREACH_ALLOCATION = 1,
	/** The hook, when the program was about to give memory back. */
	BREACH_FREE = 2,
	/** The counter of page faults: memory was touched. */
	BREACH_FAULT = 3,
	/** The supervisor, which looks now and then. */
	BREACH_POLL = 4,
	/** The kernel refused address space. */
	BREACH_REFUSED = 5,
	/** The allocation that was chosen by its number (--fail-at). */
	BREACH_NUMBER = 6,
};

/** Memory of a process or of a tree of them as the kernel charges it. Bytes. */
struct charge {
	uint64_t anonymous_bytes;
	/** Shared memory and tmpfs that is mapped; our segment is not in it. */
	uint64_t shared_bytes;
	uint64_t page_table_bytes;
	/** What the kernel keeps for threads and processes: stacks, descriptors of tasks. */
	uint64_t kernel_bytes;
	uint32_t threads;
	uint32_t processes;
};

static inline uint64_t charge_sum(const struct charge *charge)
{
	return charge->anonymous_bytes + charge->shared_bytes + charge->page_table_bytes
		+ charge->kernel_bytes;
}

/** A ceiling, and the breach of it that is reported. */
struct breach {
	uint32_t metric;  /* enum ceiling_metric; CEILING_NONE: there was no ceiling */
	uint32_t action;  /* enum ceiling_action */
	uint32_t trigger; /* enum breach_trigger */
	/** The thread that crossed it; 0: not known. */
	uint32_t tid;
	uint64_t limit_bytes;
	/** What was compared with limit_bytes when it was found to be more. */
	uint64_t charge_bytes;
	/** Size of the allocation that was asked for then; 0: memory was only touched. */
	uint64_t asked_bytes;
	/**
	 * Number of the allocation at which it happened: allocations that were recorded before in
	 * the same image (malloc family, Python objects, counted mappings), this one not included.
	 */
	uint64_t allocation;
	/** How often allocations were refused because of the ceiling. */
	uint64_t refusals;
};

/** What was read from a file, or from memory that others write: no enumerators that are none. */
static inline struct breach breach_checked(struct breach breach)
{
	breach.metric = breach.metric <= CEILING_ADDRESS_SPACE ? breach.metric : CEILING_NONE;
	breach.action = breach.action <= CEILING_STOP ? breach.action : CEILING_KILL;
	breach.trigger = breach.trigger <= BREACH_NUMBER ? breach.trigger : BREACH_NONE;
	return breach;
}

#endif
