// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * A timer's handler maps and unmaps while the program allocates, and another one jumps out of the
 * middle of mappings. Afterwards what is live must be what it was, and be counted as before. (mmap
 * is what a handler may call; malloc in one would deadlock without us, too.) Exit status: 0, or
 * the number of the check that failed. Without the hook: 99.
 */
// build: -ldl
#define _GNU_SOURCE
#include <dlfcn.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>

#define LIVE_BYTES 2
#define MAP(bytes) \
	mmap(NULL, (bytes), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)

static long (*control)(unsigned operation, void *argument);
static volatile sig_atomic_t handled;
static sigjmp_buf back;

static void maps(int signal)
{
	(void)signal;
	void *m = MAP(3 << 12);
	munmap(m, 1 << 12);
	munmap((char *)m + (1 << 12), 2 << 12);
	handled++;
}

static void jumps(int signal)
{
	(void)signal;
	handled++;
	siglongjmp(back, 1);
}

static void start(void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };
	struct itimerval every = { { 0, 100 }, { 0, 100 } };
	handled = 0;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
}

static void stop(void)
{
	struct itimerval never = { { 0, 0 }, { 0, 0 } };
	setitimer(ITIMER_REAL, &never, NULL);
}

/** Allocate until the handler has run so often. */
static void churn(int times)
{
	while (handled < times) {
		for (int i = 0; i < 1000; i++) {
			void *volatile p = malloc(100 + i);
			free(p);
		}
	}
}

int main(void)
{
	static char stack[1 << 16];
	stack_t alternate = { .ss_sp = stack, .ss_size = sizeof(stack) };
	control = (long (*)(unsigned, void *))dlsym(RTLD_DEFAULT, "fil_control");
	if (!control || control(LIVE_BYTES, NULL) < 0) {
		return 99;
	}
	sigaltstack(&alternate, NULL);
	free(malloc(1));
	long before = control(LIVE_BYTES, NULL);

	start(maps, 0);
	churn(2000);
	stop();
	if (control(LIVE_BYTES, NULL) != before) {
		return 1;
	}
	start(maps, SA_ONSTACK);
	churn(2000);
	stop();
	if (control(LIVE_BYTES, NULL) != before) {
		return 2;
	}

	/* Out of the hook by longjmp. What was mapped then is lost by this program, not by us. */
	start(jumps, SA_NODEFER);
	sigsetjmp(back, 1);
	while (handled < 3000) {
		void *m = MAP(1 << 12);
		munmap(m, 1 << 12);
	}
	stop();
	before = control(LIVE_BYTES, NULL);
	void *volatile p = malloc(1234);
	if (control(LIVE_BYTES, NULL) != before + 1234) {
		return 3;
	}
	free(p);
	return control(LIVE_BYTES, NULL) == before ? 0 : 4;
}
