// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * A thread allocates without pause; another stops it by a signal, again and again, wherever it is,
 * and maps and unmaps memory while it is stopped, as a garbage collector does. Afterwards what is
 * live must be what it was. Exit status: 0; 1 if it is not; without the hook: 99.
 */
// build: -ldl
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LIVE_BYTES 2
#define STOPS 500
#define PAGES (16 << 12)

static sem_t parked;
static sem_t resumed;
static int ends;

/* sem_wait in a handler: the C library's is a futex, which is all that is needed here. */
static void park(int signal)
{
	(void)signal;
	sem_post(&parked);
	sem_wait(&resumed);
}

static void *churn(void *unused)
{
	while (!__atomic_load_n(&ends, __ATOMIC_ACQUIRE)) {
		void *volatile p = malloc(64);
		free(p);
	}
	return unused;
}

static void collect(void)
{
	for (int i = 0; i < 3; i++) {
		void *m = mmap(NULL, PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			       0);
		munmap(m, PAGES);
	}
}

int main(void)
{
	long (*control)(unsigned, void *) =
		(long (*)(unsigned, void *))dlsym(RTLD_DEFAULT, "fil_control");
	struct sigaction action = { .sa_handler = park };
	pthread_t thread;
	if (!control || control(LIVE_BYTES, NULL) < 0) {
		return 99;
	}
	sem_init(&parked, 0, 0);
	sem_init(&resumed, 0, 0);
	sigaction(SIGUSR1, &action, NULL);
	pthread_create(&thread, NULL, churn, NULL);
	/* Once without a stop, so that the thread's own memory is there. */
	collect();
	pthread_kill(thread, SIGUSR1);
	sem_wait(&parked);
	sem_post(&resumed);
	for (int i = 0; i < STOPS; i++) {
		pthread_kill(thread, SIGUSR1);
		sem_wait(&parked);
		collect();
		sem_post(&resumed);
	}
	__atomic_store_n(&ends, 1, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	long before = control(LIVE_BYTES, NULL);
	void *m = mmap(NULL, PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (control(LIVE_BYTES, NULL) != before + PAGES) {
		return 1;
	}
	munmap(m, PAGES);
	return control(LIVE_BYTES, NULL) != before;
}
