// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* What is made of the witness's news, with a witness and a clock of our own. */
#include "core/supervise/witness.h"

#include "core/host/file.h"
#include "tests/unit/test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define QUIET "State:\tS (sleeping)\nSigPnd:\t0000000000000000\nShdPnd:\t0000000000000000\n"
#define RUNNING "State:\tR (running)\nSigPnd:\t0000000000000000\nShdPnd:\t0000000000000000\n"
#define PENDING "State:\tS (sleeping)\nSigPnd:\t0000000000000000\nShdPnd:\t0000000000004000\n"

/** The end of the pipe that a witness writes to. */
static int pipe_to_us;

static struct witness witness_new(void)
{
	int ends[2];
	REQUIRE(pipe2(ends, O_NONBLOCK) == 0);
	pipe_to_us = ends[1];
	return (struct witness){ .pid = 42, .fd = ends[0], .proc_root = "." };
}

/** What the kernel says of it: its state, and the signals that it has not yet taken. */
static void witness_is(const char *status)
{
	REQUIRE(file_write("proc/42/status", 0600, status, strlen(status)) == 0);
}

static void witness_gets(int signal)
{
	unsigned char byte = (unsigned char)signal;
	REQUIRE(write(pipe_to_us, &byte, 1) == 1);
}

static bool judge(struct witness *witness, int signal, uint64_t now_ms)
{
	struct signalfd_siginfo info = { .ssi_signo = (uint32_t)signal };
	return witness_judge(witness, &info, now_ms);
}

/** The number of the next signal that is forwarded at that time; 0: none. */
static int released(struct witness *witness, uint64_t now_ms)
{
	struct signalfd_siginfo info;
	return witness_release(witness, now_ms, &info) ? (int)info.ssi_signo : 0;
}

static void ours_alone_is_held_and_then_forwarded(void)
{
	struct witness witness = witness_new();
	witness_is(QUIET);
	CHECK(!judge(&witness, SIGTERM, 1000));
	CHECK_INT(witness_deadline_ms(&witness), 1000 + WITNESS_WINDOW_MS);
	CHECK_INT(released(&witness, 999 + WITNESS_WINDOW_MS), 0);
	CHECK_INT(released(&witness, 1000 + WITNESS_WINDOW_MS), SIGTERM);
	CHECK_INT(released(&witness, 1000 + WITNESS_WINDOW_MS), 0);
	CHECK(witness_deadline_ms(&witness) == UINT64_MAX);
}

static void what_the_witness_gets_meanwhile_is_dropped(void)
{
	struct witness witness = witness_new();
	witness_is(QUIET);
	CHECK(!judge(&witness, SIGTERM, 1000));
	witness_gets(SIGTERM);
	CHECK_INT(released(&witness, 1000 + WITNESS_WINDOW_MS), 0);
	CHECK(witness_deadline_ms(&witness) == UINT64_MAX);
}

/** The witness was first, and we were kept from our copy for longer than any window. */
static void what_the_witness_had_before_is_the_same_however_late_we_look(void)
{
	struct witness witness = witness_new();
	witness_is(QUIET);
	witness_gets(SIGTERM);
	witness_listen(&witness, 1000);
	CHECK(!judge(&witness, SIGTERM, 9000));
	witness_forget(&witness, 9000);
	CHECK(witness_deadline_ms(&witness) == UINT64_MAX);
}

/** One sent to it alone: ours that comes later is another. */
static void what_only_the_witness_has_is_forgotten(void)
{
	struct witness witness = witness_new();
	witness_is(QUIET);
	witness_gets(SIGTERM);
	witness_listen(&witness, 1000);
	witness_forget(&witness, 1000 + WITNESS_WINDOW_MS);
	uint64_t due_ms = witness_deadline_ms(&witness);
	CHECK_INT(due_ms, 1001 + WITNESS_WINDOW_MS);
	witness_forget(&witness, due_ms);
	CHECK(witness_deadline_ms(&witness) == UINT64_MAX);
	CHECK(!judge(&witness, SIGTERM, 2000));
	CHECK_INT(released(&witness, 2000 + WITNESS_WINDOW_MS), SIGTERM);
}

/** It has a signal, or is on its way to tell us of one: no time is too long to wait for that. */
static void a_slow_witness_is_waited_for(void)
{
	static const char *const slow[] = { RUNNING, PENDING };
	for (size_t i = 0; i < sizeof(slow) / sizeof(slow[0]); i++) {
		struct witness witness = witness_new();
		CHECK(!judge(&witness, SIGTERM, 1000));
		witness_is(slow[i]);
		CHECK_INT(released(&witness, 5000), 0);
		witness_is(QUIET);
		witness_gets(SIGTERM);
		CHECK_INT(released(&witness, 9000), 0);
		CHECK(witness_deadline_ms(&witness) == UINT64_MAX);
	}
}

static void nothing_overtakes_what_is_still_waited_for(void)
{
	struct witness witness = witness_new();
	CHECK(!judge(&witness, SIGTERM, 1000));
	CHECK(!judge(&witness, SIGRTMAX, 1001));
	witness_is(RUNNING);
	CHECK_INT(released(&witness, 1000 + WITNESS_WINDOW_MS), 0);
	witness_is(QUIET);
	CHECK_INT(released(&witness, 1001 + WITNESS_WINDOW_MS), 0);
	CHECK_INT(released(&witness, 1000 + 2 * WITNESS_WINDOW_MS), SIGTERM);
	CHECK_INT(released(&witness, 1000 + 2 * WITNESS_WINDOW_MS), SIGRTMAX);
}

static void without_a_witness_all_is_forwarded_at_once(void)
{
	struct witness witness = witness_new();
	CHECK(!judge(&witness, SIGTERM, 1000));
	witness_lost(&witness);
	CHECK_INT(released(&witness, 1000), SIGTERM);
	CHECK(judge(&witness, SIGTERM, 1000));
}

int main(void)
{
	REQUIRE(mkdir("proc", 0700) == 0 && mkdir("proc/42", 0700) == 0);
	RUN(ours_alone_is_held_and_then_forwarded);
	RUN(what_the_witness_gets_meanwhile_is_dropped);
	RUN(what_the_witness_had_before_is_the_same_however_late_we_look);
	RUN(what_only_the_witness_has_is_forgotten);
	RUN(a_slow_witness_is_waited_for);
	RUN(nothing_overtakes_what_is_still_waited_for);
	RUN(without_a_witness_all_is_forwarded_at_once);
	return test_done();
}
