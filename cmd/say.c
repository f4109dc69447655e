// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/say.h"

#include "core/report/escape.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define PREFIX "=fil-profile= "

static bool quiet;

void say_quietly(bool value)
{
	quiet = value;
}

static void write_all(const char *text, size_t len)
{
	while (len) {
		ssize_t written = write(STDERR_FILENO, text, len);
		if (written < 0 && errno == EINTR) {
			continue;
		}
		if (written <= 0) {
			return;
		}
		text += written;
		len -= (size_t)written;
	}
}

/*
 * Nobody reading stderr must not end us. The disposition of SIGPIPE stays what it is, for the
 * workload inherits it: the signal is held back during the write, and ours is then taken away.
 */
static void write_without_sigpipe(const char *text, size_t len)
{
	sigset_t pipe_only, before, pending;
	static const struct timespec at_once;

	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	sigpending(&pending);
	pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
	write_all(text, len);
	if (!sigismember(&pending, SIGPIPE)) {
		sigtimedwait(&pipe_only, NULL, &at_once);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void say(const char *format, va_list args)
{
	char *text = NULL, *line = NULL;
	size_t len;
	FILE *out;

	if (vasprintf(&text, format, args) < 0) {
		return;
	}
	out = open_memstream(&line, &len);
	if (out) {
		fputs(PREFIX, out);
		escape_text(out, ESCAPE_TERMINAL, text);
		fputc('\n', out);
		if (fclose(out) == 0) {
			write_without_sigpipe(line, len);
		}
	}
	free(line);
	free(text);
}

void say_info(const char *format, ...)
{
	va_list args;

	if (quiet) {
		return;
	}
	va_start(args, format);
	say(format, args);
	va_end(args);
}

void say_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args);
	va_end(args);
}

void say_line(attr_unused void *unused, const char *text)
{
	say_info("%s", text);
}
