// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The object files that are loaded in another process: where they lie, what they are called, and
 * where their unwind tables are. From its list of mappings, and from the ELF headers in its memory:
 * a file may have been replaced since.
 */
#ifndef CORE_REMOTE_OBJECTS_H
#define CORE_REMOTE_OBJECTS_H

#include "core/host/buffer.h"
#include "core/remote/memory.h"

#include <limits.h>
#include <sys/types.h>

#define REMOTE_BUILD_ID_MAX 64u

struct remote_object {
	/** What its mappings span. */
	uint64_t start;
	uint64_t end;
	/** Added to addresses in the file to get those of the process. */
	uint64_t bias;
	/** .eh_frame_hdr in the process; 0: it has none. */
	uint64_t unwind_table;
	/** In texts. */
	size_t path;
	uint32_t build_id_bytes;
	uint8_t build_id[REMOTE_BUILD_ID_MAX];
};

/** Zeroed: none. */
struct remote_objects {
	struct buffer list; /* struct remote_object, by address */
	struct buffer texts;
};

/** Find them. False if the list of mappings cannot be read, or without memory. */
bool remote_objects_read(const char *proc_root, pid_t pid, struct remote_memory *memory,
			 struct remote_objects *ret);

/** The one that has an address; NULL: none. */
const struct remote_object *remote_object_at(const struct remote_objects *objects,
					     uint64_t address);

const char *remote_object_path(const struct remote_objects *objects,
			       const struct remote_object *object);

void remote_objects_done(struct remote_objects *objects);

#endif
