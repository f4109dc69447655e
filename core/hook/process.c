// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * exec and its relatives. An exec in the workload's own process goes on being the workload: the
 * new image gets the hook. Whatever another process executes (a vfork or fork child, a spawned
 * program) does not, and is counted. libcs reach execve without a call that could be intercepted
 * from most of these, so each of them is here.
 */
#include "core/base/sys.h"
#include "core/hook/environment.h"
#include "core/hook/hook.h"
#include "core/hook/target.h"

#include <stdarg.h>
#include <unistd.h>

extern char **environ __attribute__((weak));

/** A child process is about to execute something: count it once, however often it tries. */
static void count_executing_child(uint32_t pid)
{
	if (!hook.gate->recording) {
		hook_notice_child();
	} else if (exchange_acquire(&hook.executing_child, pid) != pid) {
		/* A vfork child, which still shares our memory. */
		add_relaxed(&hook.view.header->children, 1);
	}
}

/** True if this call would replace the workload's own image, and not a child's. */
static bool is_own_image(void)
{
	uint32_t pid;
	if (!hook.gate) {
		return false;
	}
	pid = (uint32_t)sys_getpid();
	if (hook.gate->recording && pid == hook.pid) {
		return true;
	}
	count_executing_child(pid);
	return false;
}

static void count_child(void)
{
	if (hook.gate && hook.gate->recording) {
		add_relaxed(&hook.view.header->children, 1);
	}
}

/**
 * True if the next image will be able to load the hook: not as another user than the supervisor's,
 * nor in a root without its /proc. Otherwise its loader would complain to the user.
 */
static bool can_be_followed(void)
{
	/* Capabilities that are still there, and lost by exec, would let the test pass. */
	if (sys_call0(SYS_geteuid) != hook.effective_user) {
		return false;
	}
	long hook_fd = sys_open(hook.preload, SYS_O_RDONLY | SYS_O_CLOEXEC);
	if (sys_failed(hook_fd)) {
		return false;
	}
	sys_close((int)hook_fd);
	long segment_fd = sys_open(hook.segment, SYS_O_RDWR | SYS_O_CLOEXEC);
	if (sys_failed(segment_fd)) {
		return false;
	}
	sys_close((int)segment_fd);
	return true;
}

/** The environment that the image to be executed is to have; variables NULL: the one given. */
static struct environment own_environment(char *const given[], bool is_static)
{
	if (is_static || !can_be_followed()) {
		/* Nobody would take away what is pending. */
		fault_stop();
		hook.view.slot->image_flags |= IMAGE_NOT_FOLLOWED;
		return (struct environment){ 0 };
	}
	return environment_with_hook(given);
}

/** exec has returned, so the image stays. */
static void exec_failed(struct environment *own)
{
	environment_done(own);
	if (hook.gate && hook.gate->recording) {
		hook.view.slot->image_flags &= ~IMAGE_NOT_FOLLOWED;
	}
}

attr_export int execve(const char *path, char *const argv[], char *const envp[])
{
	struct environment own = { 0 };
	if (is_own_image()) {
		own = own_environment(envp, target_is_static(path));
	}
	int result = next_ready()->execve(path, argv, own.variables ? own.variables : envp);
	exec_failed(&own);
	return result;
}

static bool has_slash(const char *text)
{
	while (*text && *text != '/') {
		text++;
	}
	return *text == '/';
}

attr_export int execv(const char *path, char *const argv[])
{
	return execve(path, argv, environ);
}

attr_export int execvpe(const char *file, char *const argv[], char *const envp[])
{
	struct environment own = { 0 };
	if (is_own_image()) {
		/* One that is looked for on PATH is taken to be dynamic, as nearly all are. */
		own = own_environment(envp, has_slash(file) && target_is_static(file));
	}
	int result = next_ready()->execvpe(file, argv, own.variables ? own.variables : envp);
	exec_failed(&own);
	return result;
}

attr_export int execvp(const char *file, char *const argv[])
{
	return execvpe(file, argv, environ);
}

attr_export int fexecve(int fd, char *const argv[], char *const envp[])
{
	struct environment own = { 0 };
	if (is_own_image()) {
		own = own_environment(envp, target_fd_is_static(fd));
	}
	int result = next_ready()->fexecve(fd, argv, own.variables ? own.variables : envp);
	exec_failed(&own);
	return result;
}

attr_export int execveat(int folder, const char *path, char *const argv[], char *const envp[],
			 int flags)
{
	struct environment own = { 0 };
	if (is_own_image()) {
		own = own_environment(envp, false);
	}
	char *const *variables = own.variables ? own.variables : envp;
	long result = sys_call5(SYS_execveat, folder, path, argv, variables, flags);
	exec_failed(&own);
	*next_ready()->__errno_location() = (int)-result;
	return -1;
}

/* The variadic ones. Their arguments become an array on the stack, as in every libc. */

/** Number of arguments up to the NULL, the first included. */
static size_t count_arguments(const char *first, va_list rest)
{
	size_t count = first != NULL;
	while (first && va_arg(rest, const char *)) {
		count++;
	}
	return count;
}

/** Fill argv from first and rest, the NULL included. */
static void take_arguments(char **argv, size_t count, const char *first, va_list *rest)
{
	argv[0] = (char *)first;
	for (size_t i = 1; i <= count; i++) {
		argv[i] = va_arg(*rest, char *);
	}
}

#define TAKE_ARGUMENTS(argv, first, rest) \
	va_start(rest, first); \
	size_t count = count_arguments(first, rest); \
	va_end(rest); \
	char *argv[count + 1]; \
	va_start(rest, first); \
	take_arguments(argv, count, first, &rest)

attr_export int execl(const char *path, const char *first, ...)
{
	va_list rest;
	TAKE_ARGUMENTS(argv, first, rest);
	va_end(rest);
	return execve(path, argv, environ);
}

attr_export int execlp(const char *file, const char *first, ...)
{
	va_list rest;
	TAKE_ARGUMENTS(argv, first, rest);
	va_end(rest);
	return execvpe(file, argv, environ);
}

attr_export int execle(const char *path, const char *first, ...)
{
	va_list rest;
	TAKE_ARGUMENTS(argv, first, rest);
	char *const *envp = va_arg(rest, char *const *);
	va_end(rest);
	return execve(path, argv, envp);
}

/* CLONE_VM, CLONE_VFORK, CLONE_SETTLS: include/uapi/linux/sched.h. */
#define SHARES_MEMORY 0x00000100
#define STOPS_PARENT 0x00004000
#define OWN_TLS 0x00080000

attr_export int clone(int (*routine)(void *), void *stack, int flags, void *argument, ...)
{
	va_list rest;
	va_start(rest, argument);
	void *parent_tid = va_arg(rest, void *);
	void *tls = va_arg(rest, void *);
	void *child_tid = va_arg(rest, void *);
	va_end(rest);
	if ((flags & (SHARES_MEMORY | STOPS_PARENT | OWN_TLS)) == SHARES_MEMORY && hook.gate
	    && hook.gate->recording) {
		hook.recording_when_on = RECORDING_SHARED;
		if (hook.gate->recording != RECORDING_OFF) {
			hook.gate->recording = RECORDING_SHARED;
		}
	}
	return next_ready()->clone(routine, stack, flags, argument, parent_tid, tls, child_tid);
}

/* Children that a libc starts by itself: only counted, since they do not have our variables. */

attr_export int posix_spawn(pid_t *ret, const char *path, const void *actions,
			    const void *attributes, char *const argv[], char *const envp[])
{
	int error = next_ready()->posix_spawn(ret, path, actions, attributes, argv, envp);
	if (!error) {
		count_child();
	}
	return error;
}

attr_export int posix_spawnp(pid_t *ret, const char *file, const void *actions,
			     const void *attributes, char *const argv[], char *const envp[])
{
	int error = next_ready()->posix_spawnp(ret, file, actions, attributes, argv, envp);
	if (!error) {
		count_child();
	}
	return error;
}

attr_export int system(const char *command)
{
	count_child();
	return next_ready()->system(command);
}

attr_export FILE *popen(const char *command, const char *mode)
{
	count_child();
	return next_ready()->popen(command, mode);
}
