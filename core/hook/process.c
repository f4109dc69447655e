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

#include <stdarg.h>
#include <unistd.h>

extern char **environ __attribute__((weak));

/** True if this call would replace the workload's own image, and not a child's. */
static bool is_own_image(void)
{
	if (!hook.gate) {
		return false;
	}
	if (hook.gate->recording && (uint32_t)sys_getpid() == hook.pid) {
		return true;
	}
	if (hook.gate->recording) {
		/* A vfork child: it still shares our memory. */
		add_relaxed(&hook.view.header->children, 1);
	} else {
		hook_notice_child();
	}
	return false;
}

static void count_child(void)
{
	if (hook.gate && hook.gate->recording) {
		add_relaxed(&hook.view.header->children, 1);
	}
}

/** The environment that the image to be executed is to have; variables NULL: the one given. */
static struct environment own_environment(char *const given[])
{
	return is_own_image() ? environment_with_hook(given) : (struct environment){ 0 };
}

attr_export int execve(const char *path, char *const argv[], char *const envp[])
{
	struct environment own = own_environment(envp);
	int result = next_ready()->execve(path, argv, own.variables ? own.variables : envp);
	environment_done(&own);
	return result;
}

attr_export int execv(const char *path, char *const argv[])
{
	return execve(path, argv, environ);
}

attr_export int execvpe(const char *file, char *const argv[], char *const envp[])
{
	struct environment own = own_environment(envp);
	int result = next_ready()->execvpe(file, argv, own.variables ? own.variables : envp);
	environment_done(&own);
	return result;
}

attr_export int execvp(const char *file, char *const argv[])
{
	return execvpe(file, argv, environ);
}

attr_export int fexecve(int fd, char *const argv[], char *const envp[])
{
	struct environment own = own_environment(envp);
	int result = next_ready()->fexecve(fd, argv, own.variables ? own.variables : envp);
	environment_done(&own);
	return result;
}

attr_export int execveat(int folder, const char *path, char *const argv[], char *const envp[],
			 int flags)
{
	struct environment own = own_environment(envp);
	char *const *variables = own.variables ? own.variables : envp;
	long result = sys_call5(SYS_execveat, folder, path, argv, variables, flags);
	environment_done(&own);
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

/* Children that a libc starts by itself: only counted, since they do not have our variables. */

attr_export int posix_spawn(pid_t *ret, const char *path, const void *actions,
			    const void *attributes, char *const argv[], char *const envp[])
{
	count_child();
	return next_ready()->posix_spawn(ret, path, actions, attributes, argv, envp);
}

attr_export int posix_spawnp(pid_t *ret, const char *file, const void *actions,
			     const void *attributes, char *const argv[], char *const envp[])
{
	count_child();
	return next_ready()->posix_spawnp(ret, file, actions, attributes, argv, envp);
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
