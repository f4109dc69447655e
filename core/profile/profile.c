// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/profile.h"

#include "core/host/sort.h"

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

void profile_entry_add(struct profile_entry *sum, const struct profile_entry *entry)
{
	sum->peak_bytes += entry->peak_bytes;
	sum->peak_blocks += entry->peak_blocks;
	sum->end_bytes += entry->end_bytes;
	sum->end_blocks += entry->end_blocks;
	sum->total_bytes += entry->total_bytes;
	sum->total_blocks += entry->total_blocks;
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

uint32_t *profile_sorted_entries(const struct profile *profile, enum measure of,
				 uint32_t *ret_count)
{
	uint32_t count = 0;
	size_t entries = (size_t)profile->entry_count + 1;
	/* One more than needed: malloc(0) may be NULL, which says ENOMEM here. */
	struct sort_pair *pairs = malloc(entries * 2 * sizeof(*pairs));
	uint32_t *sorted = malloc(entries * sizeof(*sorted));
	if (!pairs || !sorted) {
		free(pairs);
		free(sorted);
		return NULL;
	}
	for (uint32_t i = 0; i < profile->entry_count; i++) {
		if (profile_entry_bytes(&profile->entries[i], of)) {
			pairs[count++] = (struct sort_pair){ profile->entries[i].node, i };
		}
	}
	/* By node, which then stays the order of those of equal bytes. */
	sort_pairs(pairs, count, pairs + count);
	for (uint32_t i = 0; i < count; i++) {
		pairs[i].key = ~profile_entry_bytes(&profile->entries[pairs[i].value], of);
	}
	sort_pairs(pairs, count, pairs + count);
	for (uint32_t i = 0; i < count; i++) {
		sorted[i] = pairs[i].value;
	}
	free(pairs);
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
