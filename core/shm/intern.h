// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Interning: each node, code and text exists once and is known by its number.
 *
 * A table is an array of heads, below each of which hangs a trie ordered by the digits of the
 * element's hash: it never rehashes, never pauses, and a new element is published by one CAS. Of
 * nodes, each has the head of those below it. All calls under the slot's lock (the arenas grow); a
 * killed writer leaves at worst an unlinked element.
 *
 * Every function returns 0 if the segment has no space for a new element.
 */
#ifndef CORE_SHM_INTERN_H
#define CORE_SHM_INTERN_H

#include "core/shm/view.h"

/** The node of a frame (code, place) below parent; parent 0: an outermost frame. */
uint32_t intern_node(struct segment_view *view, uint32_t parent, uint32_t code, uint32_t place);

/** The number of these bytes. len 0 gives 0, which readers take for "". */
uint32_t intern_text(struct segment_view *view, const void *bytes, uint32_t len);

/**
 * The number of a code with the fields of *like from filename on (link and hash are filled here).
 */
uint32_t intern_code(struct segment_view *view, const struct code *like);

/** The number of a label frame's code. */
uint32_t intern_label(struct segment_view *view, const char *label);

/** intern_entry of a node that has none yet. */
uint32_t intern_new_entry(struct segment_view *view, uint32_t node);

/** The entry of a node, made at the first call. */
attr_inline uint32_t intern_entry(struct segment_view *view, uint32_t node)
{
	uint32_t entry = view_node(view, node)->entry;
	return likely(entry) ? entry : intern_new_entry(view, node);
}

#endif
