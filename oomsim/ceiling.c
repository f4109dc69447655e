// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "oomsim/ceiling.h"

#include "core/base/saturate.h"

#include <stddef.h>

#define MARGIN_MIN_BYTES ((uint64_t)3 << 19)
#define MARGIN_PARTS 200u

/** The rest of text behind a key at the start of one of its lines; NULL if none begins with it. */
static const char *behind_key(const char *text, const char *key)
{
	while (*text) {
		size_t i = 0;
		while (key[i] && text[i] == key[i]) {
			i++;
		}
		if (!key[i]) {
			return text + i;
		}
		while (*text && *text != '\n') {
			text++;
		}
		text += *text == '\n';
	}
	return NULL;
}

/** The number that follows, behind blanks; returns where it ends, or where there is none. */
static const char *take_number(const char *at, uint64_t *ret_number)
{
	uint64_t number = 0;
	while (*at == ' ' || *at == '\t') {
		at++;
	}
	for (; *at >= '0' && *at <= '9'; at++) {
		number = number * 10 + (uint64_t)(*at - '0');
	}
	*ret_number = number;
	return at;
}

/** The number behind a key, 0 if it is not there. */
static uint64_t number_of(const char *text, const char *key)
{
	const char *at = behind_key(text, key);
	uint64_t number = 0;
	if (at) {
		take_number(at, &number);
	}
	return number;
}

bool ceiling_parse_status(const char *status, uint64_t segment_bytes, struct charge *ret_charge)
{
	if (!behind_key(status, "RssAnon:")) {
		return false;
	}
	uint64_t threads = number_of(status, "Threads:");
	*ret_charge = (struct charge){
		.anonymous_bytes = number_of(status, "RssAnon:") * 1024,
		.shared_bytes = saturated_difference(number_of(status, "RssShmem:") * 1024,
						     segment_bytes),
		.page_table_bytes = number_of(status, "VmPTE:") * 1024,
		.kernel_bytes = CEILING_PROCESS_BYTES + threads * CEILING_THREAD_BYTES,
		.threads = (uint32_t)threads,
		.processes = 1,
	};
	return true;
}

uint64_t ceiling_parse_resident(const char *status)
{
	return number_of(status, "VmRSS:") * 1024;
}

bool ceiling_parse_statm(const char *statm, uint64_t *ret_resident_pages,
			 uint64_t *ret_shared_pages)
{
	uint64_t size, resident, shared;
	const char *at = take_number(take_number(take_number(statm, &size), &resident), &shared);
	if (!size || *at != ' ') {
		return false;
	}
	*ret_resident_pages = resident;
	*ret_shared_pages = shared;
	return true;
}

uint64_t ceiling_next_reading(uint64_t asked_total, uint64_t gap, uint64_t untouched)
{
	/* Half of the way: what else grows (stacks, page tables, other processes) is not asked for.
	   */
	uint64_t target = asked_total + saturated_difference(gap, untouched) / 2;
	uint64_t grains = target / CEILING_GRAIN_BYTES;
	uint64_t least = asked_total / CEILING_GRAIN_BYTES + 1;
	return (grains > least ? grains : least) * CEILING_GRAIN_BYTES;
}

uint64_t ceiling_margin(uint64_t limit_bytes)
{
	uint64_t margin = limit_bytes / MARGIN_PARTS;
	return margin > MARGIN_MIN_BYTES ? margin : MARGIN_MIN_BYTES;
}

uint64_t ceiling_faulted(uint64_t faults, const struct fault_pages *pages)
{
	uint64_t all_huge = faults * pages->advised_bytes;
	uint64_t all_plain = faults * pages->plain_bytes;
	uint64_t untouched = pages->untouched_bytes;
	return untouched < all_huge && all_plain < all_huge - untouched ? untouched + all_plain
									: all_huge;
}

uint32_t ceiling_fault_step(uint64_t gap_bytes, uint32_t threads, const struct fault_pages *pages)
{
	uint32_t step = CEILING_STEPS - 1;
	while (step > 0) {
		uint64_t faults = ceiling_step_faults(step);
		if (ceiling_faulted(faults * threads, pages) <= gap_bytes
		    || ceiling_faulted(faults, pages) <= CEILING_FAULT_GRAIN_BYTES) {
			break;
		}
		step--;
	}
	return step;
}

uint64_t ceiling_growth(uint64_t anonymous_before, uint64_t shared_before, uint64_t anonymous_now,
			uint64_t shared_now)
{
	/* Not their sum: file pages that go, which are not charged, make no room. */
	uint64_t grown = saturated_difference(anonymous_now, anonymous_before)
		+ saturated_difference(shared_now, shared_before);
	/* A page table of 4 KiB maps 512 pages of 4 KiB; that pages are sparse costs twice that. */
	return grown + grown / 256;
}

bool ceiling_refuses_request(uint64_t limit_bytes, uint64_t used_bytes, uint64_t asked_bytes,
			     bool is_crossed)
{
	if (used_bytes <= limit_bytes && asked_bytes <= limit_bytes - used_bytes) {
		return false;
	}
	/* The first refusal is at the ceiling; what handles it may then take a little more. */
	return !is_crossed || asked_bytes > CEILING_SMALL_BYTES
		|| used_bytes + asked_bytes > limit_bytes + CEILING_RESERVE_BYTES;
}
