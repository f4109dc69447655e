// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The bytes of a capture. One zstd frame with a content checksum, which holds
 *
 *   struct wire_header
 *   section ... section          in this order: STRS VALT INFO FRAM NODE ENTR, then any
 *   section "ENDS", empty        nothing follows
 *
 * and a section is
 *
 *   struct wire_section          tag, bytes per element, number of elements
 *   blocks                       wire_block_bytes of elements each, the last perhaps less
 *   u64 checksum                 see wire_checksum_block
 *
 * In a block the first bytes of all its elements come first, then the second bytes and so on
 * (wire_transpose): the upper bytes of numbers, most of them 0, so compress to almost nothing. It
 * halves a capture.
 *
 * Little endian. A reader skips sections that it does not know, reads the part that it knows of a
 * longer element, and takes what a shorter one lacks as 0. A change that this does not cover is a
 * new major version.
 */
#ifndef CORE_CAPTURE_FORMAT_H
#define CORE_CAPTURE_FORMAT_H

#include "core/base/hash.h"

#include <stdint.h>

#define CAPTURE_MAGIC "FILCAPT\n"
#define CAPTURE_MAJOR 2u
#define CAPTURE_MINOR 1u

struct wire_header {
	char magic[8];
	uint16_t major;
	uint16_t minor;
	uint32_t reserved;
};

struct wire_section {
	char tag[4];
	uint32_t element_bytes;
	uint64_t count;
};

/**
 * STRS: bytes; strings end in NUL, the first is "". Everything called a string is an offset in it.
 */
#define TAG_STRINGS "STRS"

/**
 * VALT: what the values of an entry are, by name: "peak", "end", "total" in "bytes" and "blocks".
 */
#define TAG_VALUE_TYPES "VALT"
struct wire_value_type {
	uint32_t name; /* string */
	uint32_t unit; /* string */
};
#define VALUE_TYPES_MAX 64u

/** INFO: one element, the run. The parts as in core/base/breach.h. */
#define TAG_INFO "INFO"
struct wire_breach {
	uint32_t metric;
	uint32_t action;
	uint32_t trigger;
	uint32_t tid;
	uint64_t limit_bytes;
	uint64_t charge_bytes;
	uint64_t asked_bytes;
	uint64_t allocation;
	uint64_t refusals;
};

struct wire_charge {
	uint64_t anonymous_bytes;
	uint64_t shared_bytes;
	uint64_t page_table_bytes;
	uint64_t kernel_bytes;
	uint32_t threads;
	uint32_t processes;
};

struct wire_info {
	uint32_t verdict;
	int32_t exit_status;
	int32_t signal;
	uint32_t core_dumped;
	int64_t start_unix_ms;
	int64_t duration_ms;
	int64_t cpu_user_ms;
	int64_t cpu_system_ms;
	uint64_t max_rss_bytes;
	uint64_t children;
	uint64_t children_max_rss_bytes;
	uint32_t survivors;
	uint32_t moment;
	uint64_t cgroup_limit_bytes;
	uint64_t cgroup_max_usage_bytes;
	uint64_t cgroup_oom_kills;
	uint64_t machine_oom_kills;
	uint64_t machine_ram_bytes;
	uint64_t failed_bytes;
	uint64_t failed_count;
	uint32_t tool_version; /* string */
	uint32_t command;      /* string */
	uint32_t directory;    /* string */
	uint32_t host;	       /* string */
	uint64_t peak_bytes;
	uint64_t end_bytes;
	uint64_t end_blocks;
	uint64_t total_blocks;
	uint64_t total_bytes;
	uint64_t segment_bytes;
	uint64_t repaired_operations;
	uint32_t failed_node;
	uint32_t reserved;
	/* Since minor version 1: the ceiling and its breach. */
	struct wire_breach breach;
	struct wire_charge charge;
	uint64_t charge_file_bytes;
	uint64_t charge_tracked_bytes;
	uint32_t breach_node;
	uint32_t reserved2;
};

/** FRAM: frames. Since minor version 2: those of machine code have a module and an address. */
#define TAG_FRAMES "FRAM"
struct wire_frame {
	uint32_t file;	   /* string */
	uint32_t function; /* string */
	uint32_t line;
	uint32_t source; /* string */
	uint32_t flags;
	uint32_t module; /* element of MODU, + 1; 0: none */
	uint64_t address;
};

/** MODU: object files of machine code; since minor version 2. */
#define TAG_MODULES "MODU"
struct wire_module {
	uint32_t path;	   /* string */
	uint32_t build_id; /* string, hexadecimal */
	uint32_t state;	   /* enum symbols_state */
	uint32_t flags;	   /* MODULE_* of core/profile/profile.h */
	/* Since version 2.1: what the module's own code has mapped. */
	uint64_t mapped_peak_bytes;
	uint64_t mapped_end_bytes;
	uint32_t allocators; /* ALLOCATORS_* of core/base/allocators.h */
	uint32_t reserved;
};

/** NODE: the trie of stacks; node 0 is the root, a parent comes before its children. */
#define TAG_NODES "NODE"
struct wire_node {
	uint32_t parent;
	uint32_t frame;
};

/** ENTR: a node and as many values as there are value types. No node twice. */
#define TAG_ENTRIES "ENTR"
struct wire_entry {
	uint32_t node;
	uint32_t reserved;
	uint64_t values[VALUE_TYPES_MAX];
};
#define WIRE_ENTRY_BYTES(types) (8u + 8u * (types))

#define TAG_PROCESSES "PROC"
struct wire_process {
	uint32_t pid;
	uint32_t generations;
	uint32_t executable; /* string */
	uint32_t image_flags;
	uint32_t python_state;
	uint32_t python_version;
	uint64_t missed[8];
};

#define TAG_THREADS "THRD"
struct wire_thread {
	uint32_t pid;
	uint32_t tid;
	uint32_t node;
	uint32_t flags;
	uint64_t age_allocations;
};

/** FILE: source files of which lines are quoted, with the hash of their content. */
#define TAG_FILES "FILE"
struct wire_file {
	uint32_t name; /* string */
	uint32_t flags;
	uint64_t size_bytes;
	uint64_t hash;
};

/** TIME: the timeline. */
#define TAG_TIMELINE "TIME"
struct wire_sample {
	uint64_t time_ms;
	uint64_t tracked_bytes;
	uint64_t anonymous_bytes;
	uint64_t shared_bytes;
	uint64_t file_bytes;
	uint64_t cgroup_bytes;
};

/** COND: one element, or none: struct conditions of core/base/conditions.h. */
#define TAG_CONDITIONS "COND"
struct wire_conditions {
	uint32_t flags;
	uint32_t command_hash;
	uint32_t seed_hash;
	uint32_t variables;
	uint32_t variables_bytes;
	uint32_t variables_hash;
	uint32_t sources;
	uint32_t sources_compiled;
	uint64_t interpreter;
};

#define TAG_END "ENDS"

/** Elements are summed in blocks of as many as fit into this many bytes (one at least). */
#define CHECKSUM_BLOCK_BYTES 65536u

/** The checksum of a section begins with this, and takes in its blocks in order. */
static inline uint64_t wire_checksum_begin(const struct wire_section *section)
{
	return hash_bytes(section, sizeof(*section));
}

static inline uint64_t wire_checksum_block(uint64_t sum, const void *block, size_t len)
{
	return hash_mix(sum, hash_bytes(block, len));
}

/**
 * From rows, one after the other, to columns: elements become a block. A block is rows of one byte
 * of all elements: elements come out if the numbers of rows and columns are swapped.
 */
static inline void wire_transpose(const char *from, size_t rows, size_t columns, char *to)
{
	for (size_t row = 0; row < rows; row++) {
		for (size_t column = 0; column < columns; column++) {
			to[column * rows + row] = from[row * columns + column];
		}
	}
}

/** Bytes of a full block of elements. */
static inline uint64_t wire_block_bytes(uint32_t element_bytes)
{
	return element_bytes >= CHECKSUM_BLOCK_BYTES
		? element_bytes
		: CHECKSUM_BLOCK_BYTES / element_bytes * element_bytes;
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "structs are written as they are");
_Static_assert(sizeof(struct wire_header) == 16, "wire");
_Static_assert(sizeof(struct wire_section) == 16, "wire");
_Static_assert(sizeof(struct wire_info) == 336, "wire");
_Static_assert(sizeof(struct wire_frame) == 32, "wire");
_Static_assert(sizeof(struct wire_module) == 40, "wire");
_Static_assert(sizeof(struct wire_process) == 88, "wire");
_Static_assert(sizeof(struct wire_thread) == 24, "wire");
_Static_assert(sizeof(struct wire_file) == 24, "wire");
_Static_assert(sizeof(struct wire_sample) == 48, "wire");
_Static_assert(sizeof(struct wire_conditions) == 40, "wire");

#endif
