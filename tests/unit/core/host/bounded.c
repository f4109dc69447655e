// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* A child that crashes, hangs or says too much takes nothing with it. */
#include "core/host/bounded.h"

#include "core/host/fd.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct bounds bounds = {
	.memory_bytes = (rlim_t)1 << 30,
	.cpu_seconds = 30,
	.silence_ms = 100000,
	.answer_bytes = 1 << 20,
};

static void check_no_child(void)
{
	CHECK(waitpid(-1, NULL, WNOHANG) < 0);
	CHECK_INT(errno, ECHILD);
}

static void answer(void *context, int fd)
{
	fd_write_all(fd, context, strlen(context));
}

static void an_answer_is_appended(void)
{
	cleanup_buffer struct buffer text = { 0 };
	buffer_append_text(&text, "so: ");
	CHECK_INT(bounded_run(&bounds, answer, "well", &text), 0);
	CHECK_STR(buffer_text(&text), "so: well");
	check_no_child();
}

static void answer_and_crash(void *context, int fd)
{
	answer(context, fd);
	kill(getpid(), SIGKILL);
}

static void what_came_before_a_crash_is_kept(void)
{
	cleanup_buffer struct buffer text = { 0 };
	CHECK_INT(bounded_run(&bounds, answer_and_crash, "half", &text), 0);
	CHECK_STR(buffer_text(&text), "half");
	check_no_child();
}

static void answer_and_hang(void *context, int fd)
{
	answer(context, fd);
	for (;;) {
		pause();
	}
}

static void silence_ends_it(void)
{
	cleanup_buffer struct buffer text = { 0 };
	struct bounds impatient = bounds;
	impatient.silence_ms = 1;
	/* Whether its answer came in time is not said. */
	CHECK_INT(bounded_run(&impatient, answer_and_hang, "late", &text), 0);
	CHECK(text.len == 0 || strcmp(buffer_text(&text), "late") == 0);
	check_no_child();
}

static void answer_for_ever(void *context, int fd)
{
	while (fd_write_all(fd, context, strlen(context)) == 0) {
	}
}

static void too_much_is_not_taken(void)
{
	cleanup_buffer struct buffer text = { 0 };
	CHECK_INT(bounded_run(&bounds, answer_for_ever, "again and ", &text), 0);
	CHECK(text.len >= bounds.answer_bytes && text.len < 2 * bounds.answer_bytes);
	check_no_child();
}

int main(void)
{
	RUN(an_answer_is_appended);
	RUN(what_came_before_a_crash_is_kept);
	RUN(silence_ends_it);
	RUN(too_much_is_not_taken);
	return test_done();
}
