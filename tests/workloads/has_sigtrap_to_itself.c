// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Touches as many MiB as it is told and then, touching and unmapping a MiB again and again, looks
 * at SIGTRAP in the way that it is told, on standard output. Standard error has what the kernel
 * says is pending in the end, where that is different from what the program may see.
 */
#define _GNU_SOURCE
/* Of which glibc has warned since 2.32. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)

static volatile sig_atomic_t calls, last_code;
static char in_a_thread;

static void on_trap(int signal)
{
	(void)signal;
	calls++;
}

static void on_trap_with_info(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	calls++;
	last_code = info->si_code;
}

static void touch(void)
{
	for (int round = 0; round < 32; round++) {
		volatile char *block = mmap(NULL, MIB, PROT_READ | PROT_WRITE,
					    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		for (size_t i = 0; i < MIB; i += 4096) {
			block[i] = 1;
		}
		munmap((void *)block, MIB);
	}
}

static void show_line_of_status(FILE *out, const char *key)
{
	char line[256];
	FILE *status = fopen("/proc/thread-self/status", "r");
	while (status && fgets(line, sizeof(line), status)) {
		if (strncmp(line, key, strlen(key)) == 0) {
			fputs(line, out);
		}
	}
	fclose(status);
}

static void show_disposition(void)
{
	struct sigaction action;
	sigaction(SIGTRAP, NULL, &action);
	const char *name = action.sa_handler == SIG_DFL ? "default"
		: action.sa_handler == SIG_IGN          ? "ignored"
		: action.sa_handler == on_trap          ? "one's own"
		: action.sa_sigaction == on_trap_with_info ? "one's own, with more"
							   : "somebody's";
	printf("%s, flags %x, blocks SIGUSR1: %d\n", name, action.sa_flags & ~0x04000000,
	       sigismember(&action.sa_mask, SIGUSR1));
}

static void show_handler(const char *what, void (*handler)(int))
{
	printf("%s %s\n", what, handler == SIG_DFL ? "the default"
			       : handler == SIG_IGN ? "ignored"
			       : handler == SIG_HOLD ? "blocked"
			       : handler == on_trap ? "one's own"
						    : "somebody's");
}

static void show_end(const char *who, pid_t pid)
{
	int status;
	waitpid(pid, &status, 0);
	printf("%s: status %d, signal %d\n", who, WEXITSTATUS(status), WTERMSIG(status));
}

static void is_default(void)
{
	errno = 77;
	touch();
	printf("errno %d\n", errno);
	show_disposition();
	fflush(stdout);
	raise(SIGTRAP);
	puts("survived");
}

static void is_handled(void)
{
	struct sigaction action = { .sa_sigaction = on_trap_with_info,
				    .sa_flags = SA_SIGINFO | SA_RESETHAND };
	struct sigaction old;
	signal(SIGTRAP, on_trap);
	show_disposition();
	touch();
	printf("called %d\n", calls);
	raise(SIGTRAP);
	printf("called %d\n", calls);
	sigaddset(&action.sa_mask, SIGUSR1);
	sigaction(SIGTRAP, &action, &old);
	printf("was the first: %d\n", old.sa_handler == on_trap);
	show_disposition();
	touch();
	raise(SIGTRAP);
	printf("called %d, code %d\n", calls, last_code);
	show_disposition();
	touch();
	printf("was the default: %d\n", signal(SIGTRAP, on_trap) == SIG_DFL);
}

static void is_ignored(void)
{
	signal(SIGTRAP, SIG_IGN);
	touch();
	raise(SIGTRAP);
	show_disposition();
	fflush(stdout);
	show_line_of_status(stdout, "SigIgn");
	signal(SIGTRAP, SIG_DFL);
	touch();
	show_disposition();
}

/** By the functions that System V had for this. */
static void is_handled_as_of_old(void)
{
	show_handler("sysv_signal over", __sysv_signal(SIGTRAP, on_trap));
	show_disposition();
	touch();
	raise(SIGTRAP);
	show_disposition();
	show_handler("ssignal over", ssignal(SIGTRAP, on_trap));
	touch();
	show_handler("sigset over", sigset(SIGTRAP, SIG_HOLD));
	show_handler("sigset over", sigset(SIGTRAP, on_trap));
	touch();
	raise(SIGTRAP);
	sigignore(SIGTRAP);
	show_disposition();
	touch();
	show_handler("sigset over", sigset(SIGTRAP, SIG_DFL));
	touch();
	printf("called %d\n", calls);
}

/** As the kernel wants it, see sigaction(2). */
struct kernel_action {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	unsigned long mask;
};

/** Past the functions of libc. */
static void is_set_by_number(void)
{
	struct kernel_action action = { .handler = SIG_DFL };
	touch();
	printf("set: %ld\n", syscall(SYS_rt_sigaction, SIGTRAP, &action, NULL, 8));
	touch();
	show_disposition();
	action.handler = SIG_IGN;
	syscall(SYS_rt_sigaction, SIGTRAP, &action, NULL, 8);
	touch();
	show_disposition();
	signal(SIGTRAP, on_trap);
	touch();
	printf("called %d\n", calls);
}

/** Too small for a handler of this processor's, but nobody handles a signal here. */
static void has_small_stack(void)
{
	static char small[2048];
	stack_t stack = { .ss_sp = small, .ss_size = sizeof(small) };
	touch();
	printf("alternate stack: %d\n", sigaltstack(&stack, NULL));
	touch();
	puts("survived");
}

/** Also in a thread, which has pending signals of its own. */
static void *is_blocked(void *data)
{
	sigset_t all, pending;
	siginfo_t info;
	const struct timespec at_once = { 0, 0 };
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	touch();
	sigpending(&pending);
	printf("pending %d\n", sigismember(&pending, SIGTRAP));
	touch();
	printf("waited for: %d\n", sigtimedwait(&all, &info, &at_once));
	touch();
	sigset_t none;
	sigemptyset(&none);
	printf("polled: %d\n", ppoll(NULL, 0, &at_once, &none));
	touch();
	if (!data) {
		/* Somebody's own, who meant the process. */
		kill(getpid(), SIGTRAP);
		touch();
		printf("waited for: %d\n", sigtimedwait(&all, &info, &at_once));
		touch();
	}
	show_line_of_status(stderr, "SigPnd");
	int fd = signalfd(-1, &all, SFD_NONBLOCK | SFD_CLOEXEC);
	struct signalfd_siginfo read_info;
	touch();
	printf("read: %d\n", (int)read(fd, &read_info, sizeof(read_info)));
	close(fd);
	return data;
}

static void is_blocked_here_and_there(void)
{
	pthread_t thread;
	pthread_create(&thread, NULL, is_blocked, &in_a_thread);
	pthread_join(thread, NULL);
	is_blocked(NULL);
}

static void is_a_childs(void)
{
	pid_t pid = fork();
	if (pid == 0) {
		touch();
		raise(SIGTRAP);
		_exit(1);
	}
	show_end("child", pid);
	pid = fork();
	if (pid == 0) {
		signal(SIGTRAP, on_trap);
		raise(SIGTRAP);
		_exit(calls);
	}
	show_end("child with a handler", pid);
	signal(SIGTRAP, SIG_IGN);
	signal(SIGTRAP, SIG_DFL);
	show_disposition();
	touch();
	pid = vfork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", "kill -TRAP $$", NULL);
		_exit(1);
	}
	show_end("spawned", pid);
	touch();
}

/** Whatever is pending, and blocked, goes along into the next image. */
static void is_blocked_over_exec(const char *program, const char *next)
{
	sigset_t all;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	touch();
	show_line_of_status(stderr, "SigPnd");
	execl(program, program, "0", next, NULL);
}

static void is_let_through(void)
{
	sigset_t all;
	sigfillset(&all);
	touch();
	sigprocmask(SIG_UNBLOCK, &all, NULL);
	show_disposition();
	puts("survived");
}

int main(int argc, char **argv)
{
	size_t bytes = argc > 1 ? (size_t)atoi(argv[1]) * MIB : 0;
	const char *how = argc > 2 ? argv[2] : "default";
	if (bytes) {
		memset(malloc(bytes), 1, bytes);
	}
	if (strcmp(how, "default") == 0) {
		is_default();
	} else if (strcmp(how, "handled") == 0) {
		is_handled();
	} else if (strcmp(how, "ignored") == 0) {
		is_ignored();
	} else if (strcmp(how, "old") == 0) {
		is_handled_as_of_old();
	} else if (strcmp(how, "number") == 0) {
		is_set_by_number();
	} else if (strcmp(how, "stack") == 0) {
		has_small_stack();
	} else if (strcmp(how, "blocked") == 0) {
		is_blocked_here_and_there();
	} else if (strcmp(how, "child") == 0) {
		is_a_childs();
	} else if (strcmp(how, "exec") == 0) {
		is_blocked_over_exec(argc > 3 ? argv[3] : argv[0], "survives");
	} else if (strcmp(how, "survives") == 0) {
		is_let_through();
	}
	return 0;
}
