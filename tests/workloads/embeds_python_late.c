// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors
// build: -ldl

/* A program that loads libpython on its own, privately, and runs code in it: LIBPYTHON CODE. */
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: %s LIBPYTHON CODE\n", argv[0]);
		return 2;
	}
	void *python = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
	if (python == NULL) {
		fprintf(stderr, "%s\n", dlerror());
		return 1;
	}
	void (*initialize)(void) = (void (*)(void))dlsym(python, "Py_Initialize");
	int (*run)(const char *, void *) =
		(int (*)(const char *, void *))dlsym(python, "PyRun_SimpleStringFlags");
	int (*finalize)(void) = (int (*)(void))dlsym(python, "Py_FinalizeEx");
	initialize();
	int failed = run(argv[2], NULL);
	return failed != 0 || finalize() != 0;
}
