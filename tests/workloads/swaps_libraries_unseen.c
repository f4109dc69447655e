// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

// build: -ldl
/*
 * Loads libraries one after the other into the same place, as its arguments name them, and lets
 * each allocate a block of a size of its own, 1000001 bytes for the first. They are closed by the C
 * library's own dlclose, past whatever stands in front of it, as it closes by itself what it has
 * loaded for iconv. Status 77 if the place was not the same.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

typedef int close_function(void *);
typedef void *work_function(void *(*allocate)(size_t), size_t bytes);

static void *own(const char *name)
{
	static const char *const libraries[] = { "libc.so.6", "libdl.so.2" };
	for (int i = 0; i < 2; i++) {
		void *library = dlopen(libraries[i], RTLD_NOW);
		void *found = library ? dlsym(library, name) : NULL;
		if (found) {
			return found;
		}
	}
	return NULL;
}

int main(int argc, char **argv)
{
	close_function *close_library = (close_function *)own("dlclose");
	work_function *first = NULL;
	if (!close_library) {
		return 1;
	}
	for (int i = 1; i < argc; i++) {
		void *library = dlopen(argv[i], RTLD_NOW);
		work_function *work = library ? (work_function *)dlsym(library, "work") : NULL;
		if (!work) {
			fprintf(stderr, "%s\n", dlerror());
			return 1;
		}
		first = first ? first : work;
		if (work != first) {
			puts("another place");
			return 77;
		}
		free(work(malloc, 1000000 + (size_t)i));
		close_library(library);
	}
	return 0;
}
