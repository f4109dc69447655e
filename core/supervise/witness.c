// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/supervise/witness.h"

#include "core/host/fd.h"
#include "core/host/file.h"
#include "core/host/proc.h"
#include "core/supervise/child.h"
#include "core/supervise/sampler.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* asm-generic/unistd.h, since 5.9; the number is the same everywhere. */
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

#define WITNESS_NAME "sig-witness"

/** Rename the process in /proc/PID/comm, and in /proc/PID/cmdline from argv[0]'s last slash on. */
static void take_name(void)
{
	static const char name[] = WITNESS_NAME;
	prctl(PR_SET_NAME, name, 0, 0, 0);
	char *start = program_invocation_name;
	char *slash = strrchr(start, '/');
	start = slash ? slash + 1 : start;
	size_t len = strlen(start);
	for (size_t i = 0; i < len; i++) {
		start[i] = i < sizeof(name) - 1 ? name[i] : '-';
	}
}

/**
 * Hold nothing of ours: a pipe's reader waits for the last writer, a file system for the last user.
 */
static void let_go(int kept_fd)
{
	unsigned kept = (unsigned)kept_fd;
	long closed = syscall(SYS_close_range, 0, kept - 1, 0);
	closed |= syscall(SYS_close_range, kept + 1, ~0u, 0);
	for (int fd = 0; closed < 0 && fd < 1024; fd++) {
		if (fd != kept_fd) {
			close(fd);
		}
	}
	if (chdir("/") < 0) {
		/* Then it keeps the folder that we are in, as we do. */
	}
}

/** Tell of signals until the parent is gone. */
static void witness_watch(int fd, pid_t parent)
{
	uint64_t all = ~(uint64_t)0;
	while (getppid() == parent) {
		siginfo_t info;
		long got = syscall(SYS_rt_sigtimedwait, &all, &info, NULL, sizeof(all));
		unsigned char signal = (unsigned char)got;
		/* Only what came by kill(2) is ever asked about. */
		if (got > 0 && info.si_code == SI_USER && fd_write_all(fd, &signal, 1) < 0) {
			return;
		}
	}
}

/** The witness's life. */
static _Noreturn void witness_run(const struct witness *witness, const struct will *will, int fd,
				  pid_t parent, int oom_bias)
{
	/* One that only wakes us: it is blocked, as all are. */
	prctl(PR_SET_PDEATHSIG, SIGHUP, 0, 0, 0);
	if (getppid() == parent) {
		child_oom_bias_apply(oom_bias);
		take_name();
		let_go(fd);
		witness_watch(fd, parent);
	}
	/* Not if it only cannot tell us any more. */
	if (getppid() != parent) {
		will_execute(will, witness->proc_root);
	}
	_exit(0);
}

void witness_open(struct witness *witness, const char *proc_root, const struct will *will,
		  int oom_bias)
{
	int ends[2];
	*witness = (struct witness){ .fd = -1, .proc_root = proc_root };
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) {
		return;
	}
	cleanup_fd int read_end = fd_above_stdio(ends[0]);
	cleanup_fd int write_end = fd_above_stdio(ends[1]);
	pid_t parent = getpid();
	pid_t pid = fork();
	if (pid == 0) {
		witness_run(witness, will, write_end, parent, oom_bias);
	}
	if (pid > 0) {
		witness->pid = pid;
		witness->fd = fd_take(&read_end);
	}
}

void witness_close(struct witness *witness)
{
	if (witness->pid) {
		kill(witness->pid, SIGKILL);
		while (waitpid(witness->pid, NULL, 0) < 0 && errno == EINTR) {
		}
	}
	witness_lost(witness);
}

void witness_lost(struct witness *witness)
{
	witness->pid = 0;
	fd_close(&witness->fd);
	for (int i = 0; i < WITNESS_SIGNALS; i++) {
		/* Over since ever: released at the next look. */
		witness->held_until_ms[i] = witness->held_until_ms[i] ? 1 : 0;
	}
}

void witness_listen(struct witness *witness, uint64_t now_ms)
{
	unsigned char signals[256];
	ssize_t got;
	while (witness->fd >= 0 && (got = read(witness->fd, signals, sizeof(signals))) > 0) {
		for (ssize_t i = 0; i < got; i++) {
			unsigned signal = signals[i];
			if (signal >= WITNESS_SIGNALS) {
				continue;
			}
			bool was_held = witness->held_until_ms[signal];
			witness->held_until_ms[signal] = 0;
			witness->seen_ms[signal] = was_held ? 0 : now_ms;
		}
	}
}

/**
 * Nothing is on its way from a signal to the pipe: it waits, and the signal is not pending. (It
 * never waits for anything but signals.) To be asked before a last witness_listen.
 */
static bool is_quiet(const struct witness *witness, int signal)
{
	char path[PROC_PATH_MAX];
	char text[4096];
	uint64_t bit = (uint64_t)1 << (signal - 1);
	if (!proc_path(path, sizeof(path), witness->proc_root, witness->pid, "status")
	    || file_read_text(path, text, sizeof(text)) <= 0) {
		return true;
	}
	uint64_t pending =
		proc_parse_signals(text, "ShdPnd:") | proc_parse_signals(text, "SigPnd:");
	return !(pending & bit) && !strstr(text, "State:\tR");
}

bool witness_judge(struct witness *witness, const struct signalfd_siginfo *info, uint64_t now_ms)
{
	uint32_t signal = info->ssi_signo;
	if (!witness->pid || signal >= WITNESS_SIGNALS) {
		return true;
	}
	witness_listen(witness, now_ms);
	if (witness->seen_ms[signal]) {
		/* That one is this one; the next is another. */
		witness->seen_ms[signal] = 0;
		return false;
	}
	if (!witness->held_until_ms[signal]) {
		witness->held_until_ms[signal] = now_ms + WITNESS_WINDOW_MS;
		witness->held[signal] = *info;
	}
	return false;
}

void witness_forget(struct witness *witness, uint64_t now_ms)
{
	for (int i = 1; i < WITNESS_SIGNALS; i++) {
		if (witness->seen_ms[i] && now_ms > witness->seen_ms[i] + WITNESS_WINDOW_MS) {
			witness->seen_ms[i] = 0;
		}
	}
}

/** Hold everything until then at least: what came first is not to be overtaken. */
static void hold_all(struct witness *witness, uint64_t until_ms)
{
	for (int i = 1; i < WITNESS_SIGNALS; i++) {
		if (witness->held_until_ms[i] && witness->held_until_ms[i] < until_ms) {
			witness->held_until_ms[i] = until_ms;
		}
	}
}

bool witness_release(struct witness *witness, uint64_t now_ms, struct signalfd_siginfo *ret_info)
{
	for (int i = 1; i < WITNESS_SIGNALS; i++) {
		uint64_t until = witness->held_until_ms[i];
		if (!until || until > now_ms) {
			continue;
		}
		bool is_final = !witness->pid || is_quiet(witness, i);
		witness_listen(witness, now_ms);
		if (!witness->held_until_ms[i]) {
			continue;
		}
		if (!is_final) {
			hold_all(witness, now_ms + WITNESS_WINDOW_MS);
			return false;
		}
		witness->held_until_ms[i] = 0;
		*ret_info = witness->held[i];
		return true;
	}
	return false;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t witness_deadline_ms(const struct witness *witness)
{
	uint64_t first = UINT64_MAX;
	for (int i = 1; i < WITNESS_SIGNALS; i++) {
		if (witness->held_until_ms[i]) {
			first = earlier(first, witness->held_until_ms[i]);
		}
		if (witness->seen_ms[i]) {
			first = earlier(first, witness->seen_ms[i] + WITNESS_WINDOW_MS + 1);
		}
	}
	return first;
}
