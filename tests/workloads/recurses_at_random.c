// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

// build: -O2 -fomit-frame-pointer -fno-ident
/*
 * Allocates blocks of marked sizes, 1000000 to 1000999 bytes, at random depths of functions that
 * call each other, through callbacks of the C library, and in functions that align or move their
 * stack; and keeps them.
 */
#include <alloca.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#define CALLS 300

static unsigned state = 1;
void *kept[CALLS];
static unsigned count;
static int odd;

static unsigned next(unsigned below)
{
	state = state * 1103515245 + 12345;
	return (state >> 16) % below;
}

static void descend(unsigned depth, char *room);

static __attribute__((noinline)) void allocate(void)
{
	kept[count] = malloc(1000000 + count % 1000);
	count++;
}

static __attribute__((noinline)) void plainly(unsigned depth, char *room)
{
	descend(depth, room);
	__asm__ volatile("" ::: "memory");
}

static __attribute__((noinline)) void with_room_of_its_own(unsigned depth, char *room)
{
	char more[3000];
	memset(more, room[0], sizeof(more));
	descend(depth, more);
	__asm__ volatile("" ::"r"(more) : "memory");
}

static __attribute__((noinline)) void with_room_to_measure(unsigned depth, char *room)
{
	char *more = alloca(16 + next(500));
	more[0] = room[0];
	descend(depth, more);
	__asm__ volatile("" ::"r"(more) : "memory");
}

static __attribute__((noinline)) void aligned(unsigned depth, char *room)
{
	char more[64] __attribute__((aligned(64)));
	more[0] = room[0];
	descend(depth, more);
	__asm__ volatile("" ::"r"(more) : "memory");
}

static unsigned depth_below;
static char *room_below;

static int compare(const void *a, const void *b)
{
	unsigned depth = depth_below;
	depth_below = 0;
	if (depth) {
		descend(depth - 1, room_below);
	}
	return *(const int *)a - *(const int *)b;
}

static __attribute__((noinline)) void in_a_callback(unsigned depth, char *room)
{
	int numbers[] = { 2, 1 };
	depth_below = depth;
	room_below = room;
	qsort(numbers, 2, sizeof(int), compare);
}

#if defined(__x86_64__)
/* As compilers do not write it: the caller's stack pointer is only in a register, or computed. */
void by_another_register(unsigned depth, char *room);
void by_an_expression(unsigned depth, char *room);
__asm__(".text\n"
	"by_another_register:\n"
	"	.cfi_startproc\n"
	"	push %r12\n"
	"	.cfi_adjust_cfa_offset 8\n"
	"	.cfi_rel_offset %r12, 0\n"
	"	mov %rsp, %r12\n"
	"	.cfi_def_cfa_register %r12\n"
	"	sub $264, %rsp\n"
	"	and $-64, %rsp\n"
	"	call *descend_again(%rip)\n"
	"	mov %r12, %rsp\n"
	"	.cfi_def_cfa_register %rsp\n"
	"	pop %r12\n"
	"	ret\n"
	"	.cfi_endproc\n"
	"by_an_expression:\n"
	"	.cfi_startproc\n"
	"	sub $40, %rsp\n"
	/* DW_CFA_def_cfa_expression: DW_OP_breg7 (rsp) 40, DW_OP_lit8, DW_OP_plus */
	"	.cfi_escape 0x0f, 4, 0x77, 40, 0x38, 0x22\n"
	"	call *descend_again(%rip)\n"
	"	add $40, %rsp\n"
	"	ret\n"
	"	.cfi_endproc\n");
#else
#define by_another_register plainly
#define by_an_expression plainly
#endif
void (*descend_again)(unsigned, char *) = descend;

static void descend(unsigned depth, char *room)
{
	static void (*const ways[])(unsigned, char *) = {
		plainly,
		with_room_of_its_own,
		with_room_to_measure,
		aligned,
		in_a_callback,
		by_another_register,
		by_an_expression,
	};
	if (depth == 0) {
		allocate();
		return;
	}
	ways[next(odd ? 7 : 5)](depth - 1, room);
	if (next(4) == 0 && count < CALLS) {
		allocate();
	}
}

int main(void)
{
	char room[1] = { 0 };
	/* First without, so that what is told by rules alone is. */
	while (count < CALLS / 2) {
		descend(next(12), room);
	}
	odd = 1;
	while (count < CALLS) {
		descend(next(12), room);
	}
	return 0;
}
