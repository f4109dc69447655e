// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/compare.h"

#include <string.h>

struct moment_number compare_number(const struct profile *profile)
{
	const struct breach *breach = &profile->outcome.breach;
	bool is_breach = breach->trigger != BREACH_NONE;
	return (struct moment_number){
		.allocation = is_breach ? breach->allocation : profile->total_blocks,
		.is_breach = is_breach,
	};
}

uint32_t compare_threads(const struct profile *profile)
{
	return profile->thread_count;
}

bool compare_is_possible(const struct profile *one, const struct profile *other)
{
	return one->conditions.flags & other->conditions.flags & CONDITIONS_KNOWN;
}

static bool is_another_string(const struct profile *one, uint32_t a, const struct profile *other,
			      uint32_t b)
{
	return strcmp(profile_string(one, a), profile_string(other, b)) != 0;
}

static uint32_t version_of(const struct profile *profile)
{
	return profile->process_count ? profile->processes[0].python_version : 0;
}

static bool is_another_limit(const struct breach *one, const struct breach *other)
{
	return one->metric != other->metric || one->limit_bytes != other->limit_bytes
		|| one->action != other->action;
}

static bool is_another_environment(const struct conditions *one, const struct conditions *other)
{
	return one->variables != other->variables || one->variables_bytes != other->variables_bytes
		|| one->variables_hash != other->variables_hash;
}

/** Something that has this flag where it is not left to chance. */
static bool is_left_to_chance(const struct conditions *one, const struct conditions *other,
			      uint32_t flag)
{
	return !(one->flags & other->flags & flag);
}

bool compare_differs(const struct profile *one, const struct profile *other,
		     enum difference difference)
{
	const struct conditions *a = &one->conditions;
	const struct conditions *b = &other->conditions;
	switch (difference) {
	case DIFFERENCE_COMMAND:
		return a->command_hash != b->command_hash;
	case DIFFERENCE_LIMIT:
		return is_another_limit(&one->outcome.breach, &other->outcome.breach);
	case DIFFERENCE_VERSION:
		return version_of(one) != version_of(other);
	case DIFFERENCE_INTERPRETER:
		return version_of(one) == version_of(other) && a->interpreter && b->interpreter
			&& a->interpreter != b->interpreter;
	case DIFFERENCE_BYTECODE:
		return a->sources_compiled != b->sources_compiled;
	case DIFFERENCE_ENVIRONMENT:
		return is_another_environment(a, b);
	case DIFFERENCE_SEED:
		return a->seed_hash != b->seed_hash
			|| (version_of(one) && is_left_to_chance(a, b, CONDITIONS_FIXED_SEED));
	case DIFFERENCE_ADDRESSES:
		return is_left_to_chance(a, b, CONDITIONS_FIXED_ADDRESSES);
	case DIFFERENCE_THREADS:
		return compare_threads(one) > 1 || compare_threads(other) > 1;
	case DIFFERENCE_TOOL:
		return is_another_string(one, one->tool_version, other, other->tool_version);
	case DIFFERENCE_COUNT:
		break;
	}
	return false;
}
