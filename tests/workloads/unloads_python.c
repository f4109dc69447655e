// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors
// build: -ldl

/*
 * Loads libpython, runs code in it, unloads it and goes on allocating; twice. LIBPYTHON CODE.
 * (Servers do that with their modules, and editors with their plug-ins.)
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

static int use(const char *library, const char *code)
{
	void *python = dlopen(library, RTLD_NOW | RTLD_GLOBAL);
	if (python == NULL) {
		fprintf(stderr, "%s\n", dlerror());
		return 1;
	}
	void (*initialize)(void) = (void (*)(void))dlsym(python, "Py_Initialize");
	int (*run)(const char *, void *) =
		(int (*)(const char *, void *))dlsym(python, "PyRun_SimpleStringFlags");
	int (*finalize)(void) = (int (*)(void))dlsym(python, "Py_FinalizeEx");
	initialize();
	if (run(code, NULL) != 0 || finalize() != 0) {
		return 1;
	}
	return dlclose(python);
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: %s LIBPYTHON CODE\n", argv[0]);
		return 2;
	}
	for (int i = 0; i < 2; i++) {
		if (use(argv[1], argv[2]) != 0) {
			return 1;
		}
		for (int k = 0; k < 100000; k++) {
			void *volatile p = malloc(100);
			free(p);
		}
	}
	return 0;
}
