// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

// build: -ldl
/*
 * Threads that open and close a library, allocate, and allocate while they hold the loader's lock
 * (in dl_iterate_phdr's callback); meanwhile children are forked, which allocate in turn. A child
 * that hangs is killed after a minute and counted: the status is 1 then.
 *
 * Arguments: how many children; the library.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int ends;
static const char *library;

static void *loads(void *argument)
{
	while (!ends) {
		void *handle = dlopen(library, RTLD_NOW);
		if (handle) {
			dlclose(handle);
		}
	}
	return argument;
}

static void *allocates(void *argument)
{
	while (!ends) {
		free(malloc(100));
	}
	return argument;
}

static int visit(struct dl_phdr_info *info, size_t size, void *context)
{
	(void)info;
	(void)size;
	(void)context;
	free(malloc(200));
	return 0;
}

static void *iterates(void *argument)
{
	while (!ends) {
		dl_iterate_phdr(visit, NULL);
	}
	return argument;
}

static int child(void)
{
	alarm(60);
	for (int i = 0; i < 100; i++) {
		free(malloc((size_t)i * 10));
	}
	return 0;
}

int main(int argc, char **argv)
{
	static void *(*const bodies[])(void *) = { loads, allocates, allocates, iterates };
	pthread_t threads[4];
	int hung = 0;
	void *volatile held = malloc(100000);
	int children = argc > 1 ? atoi(argv[1]) : 100;
	library = argc > 2 ? argv[2] : "libutil.so.1";
	for (int i = 0; i < 4; i++) {
		pthread_create(&threads[i], NULL, bodies[i], NULL);
	}
	for (int i = 0; i < children; i++) {
		pid_t pid = fork();
		int status = 0;
		if (pid == 0) {
			_exit(child());
		}
		waitpid(pid, &status, 0);
		hung += status != 0;
	}
	ends = 1;
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
	}
	free(held);
	printf("%d of %d children hung or died\n", hung, children);
	return hung != 0;
}
