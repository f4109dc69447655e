// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/profile.h"

#include <stdlib.h>
#include <string.h>

const char *profile_string(const struct profile *profile, uint32_t offset)
{
	return offset < profile->strings_bytes ? profile->strings + offset : "";
}

const char *profile_module_name(const struct profile *profile, uint32_t i)
{
	const char *path = i < profile->module_count
		? profile_string(profile, profile->modules[i].path)
		: "";
	const char *slash = strrchr(path, '/');
	const char *name = slash && slash[1] ? slash + 1 : path;
	return name[0] ? name : "?";
}

bool *profile_used_frames(const struct profile *profile)
{
	bool *used = calloc((size_t)profile->frame_count + 1, sizeof(*used));
	for (uint32_t i = 1; used && i < profile->node_count; i++) {
		used[profile->nodes[i].frame] = true;
	}
	return used;
}

uint64_t profile_entry_bytes(const struct profile_entry *entry, enum measure of)
{
	switch (of) {
	case MEASURE_PEAK:
		return entry->peak_bytes;
	case MEASURE_END:
		return entry->end_bytes;
	case MEASURE_TOTAL:
		return entry->total_bytes;
	}
	return 0;
}

uint64_t profile_entry_blocks(const struct profile_entry *entry, enum measure of)
{
	switch (of) {
	case MEASURE_PEAK:
		return entry->peak_blocks;
	case MEASURE_END:
		return entry->end_blocks;
	case MEASURE_TOTAL:
		return entry->total_blocks;
	}
	return 0;
}

uint64_t profile_sum_bytes(const struct profile *profile, enum measure of)
{
	uint64_t sum = 0;
	for (uint32_t i = 0; i < profile->entry_count; i++) {
		sum += profile_entry_bytes(&profile->entries[i], of);
	}
	return sum;
}

struct sort_key {
	uint64_t bytes;
	uint32_t node;
	uint32_t entry;
};

static int compare_keys(const void *a, const void *b)
{
	const struct sort_key *x = a;
	const struct sort_key *y = b;
	if (x->bytes != y->bytes) {
		return x->bytes > y->bytes ? -1 : 1;
	}
	return x->node < y->node ? -1 : x->node > y->node;
}

uint32_t *profile_sorted_entries(const struct profile *profile, enum measure of,
				 uint32_t *ret_count)
{
	uint32_t count = 0;
	/* One more than needed: malloc(0) may be NULL, which says ENOMEM here. */
	struct sort_key *keys = malloc(((size_t)profile->entry_count + 1) * sizeof(*keys));
	uint32_t *sorted = malloc(((size_t)profile->entry_count + 1) * sizeof(*sorted));
	if (!keys || !sorted) {
		free(keys);
		free(sorted);
		return NULL;
	}
	for (uint32_t i = 0; i < profile->entry_count; i++) {
		const struct profile_entry *entry = &profile->entries[i];
		uint64_t bytes = profile_entry_bytes(entry, of);
		if (bytes) {
			keys[count++] = (struct sort_key){ bytes, entry->node, i };
		}
	}
	qsort(keys, count, sizeof(*keys), compare_keys);
	for (uint32_t i = 0; i < count; i++) {
		sorted[i] = keys[i].entry;
	}
	free(keys);
	*ret_count = count;
	return sorted;
}

void profile_free(struct profile *profile)
{
	if (!profile) {
		return;
	}
	free(profile->strings);
	free(profile->frames);
	free(profile->modules);
	free(profile->nodes);
	free(profile->entries);
	free(profile->samples);
	free(profile->processes);
	free(profile->threads);
	free(profile->files);
	free(profile);
}
