// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/conditions.h"

#include "core/base/hash.h"

#include <string.h>
#include <sys/personality.h>

#define SEED "PYTHONHASHSEED="
#define HASH_MASK 0xffffu
#define PERSONALITY_QUERY 0xffffffffu

static uint64_t hash_words(char *const *words)
{
	uint64_t hash = 0;

	for (; *words; words++) {
		hash = hash_mix(hash, hash_bytes(*words, strlen(*words)));
	}
	return hash;
}

static void take_variable(struct conditions *conditions, const char *variable)
{
	const char *seed = variable + strlen(SEED);

	conditions->variables++;
	conditions->variables_bytes += (uint32_t)strlen(variable) + 1;
	/* Empty, or "random": as if it were not there. */
	if (strncmp(variable, SEED, strlen(SEED)) == 0 && *seed >= '0' && *seed <= '9') {
		conditions->flags |= CONDITIONS_FIXED_SEED;
		conditions->seed_hash = hash_bytes(seed, strlen(seed)) & HASH_MASK;
	}
}

struct conditions conditions_of(char *const *environment, char *const *argv, bool fixed_addresses)
{
	struct conditions conditions = {
		.flags = CONDITIONS_KNOWN | (fixed_addresses ? CONDITIONS_FIXED_ADDRESSES : 0),
		.command_hash = hash_words(argv) & HASH_MASK,
		.variables_hash = hash_words(environment) & HASH_MASK,
	};

	for (char *const *variable = environment; *variable; variable++) {
		take_variable(&conditions, *variable);
	}
	return conditions;
}

bool conditions_are_addresses_inherited(void)
{
	int now = personality(PERSONALITY_QUERY);

	return now != -1 && (now & ADDR_NO_RANDOMIZE);
}
