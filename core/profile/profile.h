// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The profile: the model that every report reads. Immutable once made.
 *
 * It is made in two ways, by profile_collect from the segment and by capture_read from a file; it
 * is released in one, profile_free. Frames carry names and lines: whoever reads a profile needs
 * neither the workload nor its files. Those of machine code also carry their address, because names
 * for it may turn up later (core/profile/names.h).
 *
 * Strings are offsets into one pool: profile_string(profile, offset). Offset 0 is "". They are
 * bytes as the workload had them: any byte but NUL, perhaps not UTF-8; a report escapes them.
 */
#ifndef CORE_PROFILE_PROFILE_H
#define CORE_PROFILE_PROFILE_H

#include "core/base/conditions.h"
#include "core/base/outcome.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The text of frame.source was read after the file had changed: it may be another line. */
#define FRAME_SOURCE_CHANGED 0x1u
/** A frame that is only a label in brackets: no file, no line. */
#define FRAME_LABEL 0x2u
/**
 * A frame of machine code. One without a line says what is known: file is then the name of its
 * module. If not even the function is known it is a FRAME_LABEL, "MODULE+0xADDRESS".
 */
#define FRAME_NATIVE 0x4u
/** A function that the compiler has put into that of the parent node: both are at one address. */
#define FRAME_INLINED 0x8u

struct profile_frame {
	uint32_t file;     /* string; as the program had it, perhaps relative */
	uint32_t function; /* string; qualified where Python has it; the label of a FRAME_LABEL */
	uint32_t line;     /* 1-based, 0: not known */
	uint32_t source;   /* string: the text of that line without its newline; 0: not available */
	uint32_t flags;    /* FRAME_* */
	uint32_t module;   /* FRAME_NATIVE: number of its module, + 1; 0: not known */
	/**
	 * FRAME_NATIVE: where it is in the module, as the module's own symbols have it; of a call,
	 * a byte of the call itself. Of several frames on the same line, any of their addresses.
	 */
	uint64_t address;
};

/** A program, and not a library; known when its names have been looked for. */
#define MODULE_PROGRAM 0x1u

/** An object file that machine code was loaded from. */
struct profile_module {
	uint32_t path;     /* string */
	uint32_t build_id; /* string: hexadecimal; 0: it has none */
	uint32_t state;    /* enum symbols_state of core/base/symbols.h */
	uint32_t flags;    /* MODULE_* */
	/** Part of the peak, and of the end: what code of this module has mapped itself. */
	uint64_t mapped_peak_bytes;
	uint64_t mapped_end_bytes;
	uint32_t allocators; /* ALLOCATORS_* of core/base/allocators.h */
	uint32_t reserved;
};

/**
 * A node of the trie of stacks. Node 0 is the root and has no frame; a parent comes before its
 * children.
 */
struct profile_node {
	uint32_t parent;
	uint32_t frame;
};

/** One stack that has allocated. Two entries never have the same node. All exact. */
struct profile_entry {
	uint32_t node;
	uint32_t reserved;
	uint64_t peak_bytes;
	uint64_t peak_blocks;
	uint64_t end_bytes; /* held at the end of the run, or now */
	uint64_t end_blocks;
	uint64_t total_bytes; /* ever allocated */
	uint64_t total_blocks;
};

/** A process that recorded (today: one), in its last image. */
struct profile_process {
	uint32_t pid;
	uint32_t generations;
	uint32_t executable; /* string */
	uint32_t image_flags;    /* IMAGE_* of core/base/recording.h */
	uint32_t python_state;   /* enum python_state of core/base/python.h */
	uint32_t python_version; /* PY_VERSION_HEX */
	uint64_t missed[8];      /* by enum missed of core/base/recording.h */
};

/** The stack is where it was when all were stopped, whether or not it ever allocated. */
#define THREAD_STOPPED 0x1u

/** A thread, and the stack it was last seen at: that of its last allocation, or THREAD_STOPPED. */
struct profile_thread {
	uint32_t pid;
	uint32_t tid;
	uint32_t node;
	uint32_t flags; /* THREAD_* */
	uint64_t age_allocations; /* allocations of the whole workload since then */
};

/** A source file of which lines are quoted. */
struct profile_file {
	uint32_t name; /* string, as in profile_frame.file */
	uint32_t flags; /* FRAME_SOURCE_CHANGED */
	uint64_t size_bytes;
	uint64_t hash; /* hash_bytes of its content; 0: could not be read */
};

/** What moment the numbers called "end" are of. */
enum profile_moment {
	/** The end of the run. */
	MOMENT_END = 0,
	/** The time of the request: the workload still runs. */
	MOMENT_NOW = 1,
	/**
	 * The time when the out-of-memory kill came or an allocation was refused: default of such a
	 * report.
	 */
	MOMENT_OUT_OF_MEMORY = 2,
	/** A picture in advance: memory was almost out, and the workload still ran. */
	MOMENT_IN_ADVANCE = 3,
	MOMENT_COUNT
};

struct profile {
	struct outcome outcome;
	struct conditions conditions;
	uint32_t moment; /* enum profile_moment */

	/* About the run: strings. command is quoted for a shell; "" under --no-argv. */
	uint32_t tool_version;
	uint32_t command;
	uint32_t directory;
	uint32_t host;

	/** The highest live_bytes there was (over the whole run). */
	uint64_t peak_bytes;
	uint64_t end_bytes;
	uint64_t end_blocks;
	/** Allocations recorded, and their bytes. */
	uint64_t total_blocks;
	uint64_t total_bytes;
	/** Memory that the profiler itself took in the workload's container (the segment). */
	uint64_t segment_bytes;
	/**
	 * Largest error the counts may carry: operations that were under way when the workload
	 * died.
	 */
	uint64_t repaired_operations;

	char *strings;
	size_t strings_bytes;
	struct profile_frame *frames;
	uint32_t frame_count;
	struct profile_module *modules;
	uint32_t module_count;
	struct profile_node *nodes;
	uint32_t node_count;
	struct profile_entry *entries;
	uint32_t entry_count;
	struct usage_sample *samples;
	uint32_t sample_count;
	struct profile_process *processes;
	uint32_t process_count;
	struct profile_thread *threads;
	uint32_t thread_count;
	struct profile_file *files;
	uint32_t file_count;
	/** The node at which the last allocation was refused; 0: none. */
	uint32_t failed_node;
	/** The node at which the ceiling was reached (outcome.breach); 0: not known. */
	uint32_t breach_node;
};

/** What a report shows of each entry. */
enum measure {
	MEASURE_PEAK = 0,
	MEASURE_END = 1,
	MEASURE_TOTAL = 2,
};

/** The text of a string offset; "" for any offset out of the pool. Lives as long as the profile. */
const char *profile_string(const struct profile *profile, uint32_t offset);

/** The name of the file of module number i, without its folders; "?" if it has none. */
const char *profile_module_name(const struct profile *profile, uint32_t i);

/**
 * By frame: whether any stack has it; those at the start of programs are left out of all. The
 * caller's to free; NULL with errno ENOMEM.
 */
bool *profile_used_frames(const struct profile *profile);

/** Add the numbers of an entry to those of another of the same node. */
void profile_entry_add(struct profile_entry *sum, const struct profile_entry *entry);

/** The bytes of an entry under a measure. */
uint64_t profile_entry_bytes(const struct profile_entry *entry, enum measure of);
uint64_t profile_entry_blocks(const struct profile_entry *entry, enum measure of);

/**
 * Sum of profile_entry_bytes over all entries: for MEASURE_PEAK it must equal peak_bytes (the check
 * reports print).
 */
uint64_t profile_sum_bytes(const struct profile *profile, enum measure of);

/**
 * Entry numbers sorted by bytes under a measure, largest first (ties by node), without those of 0
 * bytes. The array is the caller's to free; NULL with errno ENOMEM.
 */
uint32_t *profile_sorted_entries(const struct profile *profile, enum measure of,
				 uint32_t *ret_count);

/** Release everything; NULL is allowed. */
void profile_free(struct profile *profile);

#endif
