// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

// build: -O2 -fomit-frame-pointer
/*
 * Allocates blocks of a size of its own in each of the places where a stack is no ordinary one,
 * three times over.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

void *kept[64]; /* global: seen to be used */
static unsigned count;

static __attribute__((noinline)) void keep(size_t bytes)
{
	kept[count++ % 64] = malloc(bytes);
	__asm__ volatile("" ::: "memory");
}

static __attribute__((noinline)) void coroutine_body(void)
{
	keep(1000001);
}

static ucontext_t back, there;

/** On a stack from the heap, left and entered again. */
static __attribute__((noinline)) void in_a_coroutine(void)
{
	size_t bytes = 64 << 10;
	char *stack = malloc(bytes);
	for (int i = 0; i < 3; i++) {
		getcontext(&there);
		there.uc_stack.ss_sp = stack;
		there.uc_stack.ss_size = bytes;
		there.uc_link = &back;
		makecontext(&there, coroutine_body, 0);
		swapcontext(&back, &there);
	}
	free(stack);
}

static __attribute__((noinline)) void handle(int number)
{
	(void)number;
	keep(1000002);
}

static __attribute__((noinline)) void in_a_handler_on_its_own_stack(void)
{
	static char room[64 << 10];
	stack_t stack = { .ss_sp = room, .ss_size = sizeof(room) };
	sigaltstack(&stack, NULL);
	struct sigaction action = { .sa_handler = handle, .sa_flags = SA_ONSTACK };
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
}

static __attribute__((noinline)) void in_a_handler(void)
{
	struct sigaction action = { .sa_handler = handle };
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
}

static __attribute__((noinline)) void *thread_body(void *argument)
{
	keep(1000003);
	return argument;
}

/** On the smallest stack there is. */
static __attribute__((noinline)) void in_a_small_thread(void)
{
	pthread_t thread;
	pthread_attr_t attributes;
	pthread_attr_init(&attributes);
	if (pthread_attr_setstacksize(&attributes, 16384) != 0
	    || pthread_create(&thread, &attributes, thread_body, NULL) != 0) {
		abort();
	}
	pthread_join(thread, NULL);
}

static jmp_buf out;

static __attribute__((noinline)) void deeper(int depth)
{
	if (depth > 0) {
		deeper(depth - 1);
		return;
	}
	keep(1000004);
	if (count) {
		longjmp(out, 1);
	}
}

/** From different depths to the same place, where the same is called as before. */
static __attribute__((noinline)) void after_longjmp(void)
{
	static volatile int depth;
	for (depth = 0; depth < 5; depth++) {
		if (setjmp(out) == 0) {
			deeper(depth);
		}
		keep(1000005);
	}
}

#if defined(__x86_64__)
/* push rbx; call rdi; pop rbx; ret */
static const unsigned char code[] = { 0x53, 0xff, 0xd7, 0x5b, 0xc3 };
#else
/* stp x29, x30, [sp, -16]!; blr x0; ldp x29, x30, [sp], 16; ret */
static const unsigned char code[] = { 0xfd, 0x7b, 0xbf, 0xa9, 0x00, 0x00, 0x3f, 0xd6,
				      0xfd, 0x7b, 0xc1, 0xa8, 0xc0, 0x03, 0x5f, 0xd6 };
#endif

static __attribute__((noinline)) void called_by_machine_code(void)
{
	keep(1000006);
}

/** Through instructions that no file has. */
static __attribute__((noinline)) void through_machine_code(void)
{
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED) {
		abort();
	}
	memcpy(page, code, sizeof(code));
	__builtin___clear_cache(page, page + sizeof(code));
	((void (*)(void (*)(void)))page)(called_by_machine_code);
}

static void (*const places[])(void) = { in_a_coroutine, in_a_handler_on_its_own_stack,
					in_a_handler,	in_a_small_thread,
					after_longjmp,	through_machine_code };

int main(void)
{
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
			places[i]();
		}
	}
	return 0;
}
