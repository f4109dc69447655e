// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/hook/next.h"

#include "core/base/atomic.h"
#include "core/base/attributes.h"
#include "core/base/sys.h"
#include "core/elf/loaded.h"

#define NEXT_COUNT (sizeof(struct next_functions) / sizeof(void *))

/* A struct of function pointers is filled as an array of them: pointers to functions and to data
   have the same size and representation (POSIX, dlsym). */
_Static_assert(sizeof(void (*)(void)) == sizeof(void *), "POSIX");

static const char *const next_names[] = {
#define NEXT_NAME(type, name, parameters) #name,
	NEXT_FUNCTIONS(NEXT_NAME)
#undef NEXT_NAME
};

_Static_assert(countof(next_names) == NEXT_COUNT, "one name per field");

void next_find_missing(struct next_functions *next)
{
	void **fields = (void **)next;
	for (size_t i = 0; i < NEXT_COUNT; i++) {
		if (!load_relaxed(&fields[i])) {
			store_relaxed(&fields[i],
				      elf_find_next(next_names[i], (void *)&next_names));
		}
	}
}

void next_find(struct next_functions *next)
{
	static const char message[] = "fil-profile: the C library of this program has no malloc\n";
	next_find_missing(next);
	if (!next->malloc || !next->free || !next->realloc || !next->calloc) {
		sys_die(message, sizeof(message) - 1);
	}
}
