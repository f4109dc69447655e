// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * A timer's handler leaves by siglongjmp, some thousand times, from wherever it finds the program:
 * mostly where that asks for memory. Then it takes and touches memory until it is refused.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>

#define BLOCK_BYTES ((size_t)2 << 20)
#define JUMPS 3000
#define MOST 1000

static sigjmp_buf start;
static volatile sig_atomic_t jumps;
static void *blocks[MOST];

static void jump(int signal)
{
	(void)signal;
	jumps++;
	siglongjmp(start, 1);
}

static void *take(void)
{
	return mmap(NULL, BLOCK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void set_timer(long us)
{
	struct itimerval timer = { { 0, us }, { 0, us } };
	setitimer(ITIMER_REAL, &timer, NULL);
}

int main(void)
{
	signal(SIGALRM, jump);
	set_timer(50);
	sigsetjmp(start, 1);
	while (jumps < JUMPS) {
		void *p = take();
		if (p != MAP_FAILED) {
			munmap(p, BLOCK_BYTES);
		}
	}
	set_timer(0);
	signal(SIGALRM, SIG_IGN);
	int count = 0;
	while (count < MOST && (blocks[count] = take()) != MAP_FAILED) {
		memset(blocks[count++], 'x', BLOCK_BYTES);
	}
	puts(count < MOST ? "refused" : "never refused");
	return 0;
}
