// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The functions behind ours: what the workload would have called without us. Found by our own
 * resolver, lazily, since some are called before any constructor has run.
 */
#ifndef CORE_HOOK_NEXT_H
#define CORE_HOOK_NEXT_H

#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/types.h>

typedef void handler_function(int);

/**
 * One row per function: its type and its name; NEXT_FUNCTIONS(X) expands X(return, name,
 * parameters).
 */
#define NEXT_FUNCTIONS(X) \
	X(void *, malloc, (size_t)) \
	X(void *, calloc, (size_t, size_t)) \
	X(void *, realloc, (void *, size_t)) \
	X(void *, reallocarray, (void *, size_t, size_t)) \
	X(void, free, (void *)) \
	X(void, free_sized, (void *, size_t)) \
	X(void, free_aligned_sized, (void *, size_t, size_t)) \
	X(int, posix_memalign, (void **, size_t, size_t)) \
	X(void *, aligned_alloc, (size_t, size_t)) \
	X(void *, memalign, (size_t, size_t)) \
	X(void *, valloc, (size_t)) \
	X(void *, pvalloc, (size_t)) \
	X(void *, _Znwm, (size_t)) \
	X(void *, _ZnwmRKSt9nothrow_t, (size_t, const void *)) \
	X(void *, _Znam, (size_t)) \
	X(void *, _ZnamRKSt9nothrow_t, (size_t, const void *)) \
	X(void *, _ZnwmSt11align_val_t, (size_t, size_t)) \
	X(void *, _ZnwmSt11align_val_tRKSt9nothrow_t, (size_t, size_t, const void *)) \
	X(void *, _ZnamSt11align_val_t, (size_t, size_t)) \
	X(void *, _ZnamSt11align_val_tRKSt9nothrow_t, (size_t, size_t, const void *)) \
	X(void, _ZdlPv, (void *)) \
	X(void, _ZdaPv, (void *)) \
	X(void, _ZdlPvm, (void *, size_t)) \
	X(void, _ZdaPvm, (void *, size_t)) \
	X(void, _ZdlPvRKSt9nothrow_t, (void *, const void *)) \
	X(void, _ZdaPvRKSt9nothrow_t, (void *, const void *)) \
	X(void, _ZdlPvSt11align_val_t, (void *, size_t)) \
	X(void, _ZdaPvSt11align_val_t, (void *, size_t)) \
	X(void, _ZdlPvmSt11align_val_t, (void *, size_t, size_t)) \
	X(void, _ZdaPvmSt11align_val_t, (void *, size_t, size_t)) \
	X(void, _ZdlPvSt11align_val_tRKSt9nothrow_t, (void *, size_t, const void *)) \
	X(void, _ZdaPvSt11align_val_tRKSt9nothrow_t, (void *, size_t, const void *)) \
	X(void *, mmap, (void *, size_t, int, int, int, off_t)) \
	X(void *, mremap, (void *, size_t, size_t, int, ...)) \
	X(int, munmap, (void *, size_t)) \
	X(int, madvise, (void *, size_t, int)) \
	X(int, mprotect, (void *, size_t, int)) \
	X(int, brk, (void *)) \
	X(void *, sbrk, (intptr_t)) \
	X(int, pthread_create, (void *, const void *, void *(*)(void *), void *)) \
	X(int, clone, (int (*)(void *), void *, int, void *, ...)) \
	X(int, dlclose, (void *)) \
	X(int, sigaltstack, (const stack_t *, stack_t *)) \
	X(int, sigaction, (int, const struct sigaction *, struct sigaction *)) \
	X(handler_function *, signal, (int, handler_function *)) \
	X(handler_function *, __sysv_signal, (int, handler_function *)) \
	X(handler_function *, sigset, (int, handler_function *)) \
	X(int, sigignore, (int)) \
	X(int, sigpending, (sigset_t *)) \
	X(int, sigwait, (const sigset_t *, int *)) \
	X(int, sigwaitinfo, (const sigset_t *, siginfo_t *)) \
	X(int, sigtimedwait, (const sigset_t *, siginfo_t *, const struct timespec *)) \
	X(int, sigsuspend, (const sigset_t *)) \
	X(int, signalfd, (int, const sigset_t *, int)) \
	X(int, pselect, (int, fd_set *, fd_set *, fd_set *, const struct timespec *, \
			 const sigset_t *)) \
	X(int, ppoll, (struct pollfd *, nfds_t, const struct timespec *, const sigset_t *)) \
	X(int, __ppoll_chk, (struct pollfd *, nfds_t, const struct timespec *, const sigset_t *, \
			     size_t)) \
	X(int, epoll_pwait, (int, struct epoll_event *, int, int, const sigset_t *)) \
	X(int, epoll_pwait2, (int, struct epoll_event *, int, const struct timespec *, \
			      const sigset_t *)) \
	X(int, execve, (const char *, char *const[], char *const[])) \
	X(int, execvpe, (const char *, char *const[], char *const[])) \
	X(int, fexecve, (int, char *const[], char *const[])) \
	X(int, execveat, (int, const char *, char *const[], char *const[], int)) \
	X(int, posix_spawn, (pid_t *, const char *, const void *, const void *, char *const[], \
			     char *const[])) \
	X(int, posix_spawnp, (pid_t *, const char *, const void *, const void *, char *const[], \
			      char *const[])) \
	X(int, system, (const char *)) \
	X(FILE *, popen, (const char *, const char *)) \
	X(int, prctl, (int, unsigned long, unsigned long, unsigned long, unsigned long)) \
	X(long, syscall, (long, long, long, long, long, long, long)) \
	X(int *, __errno_location, (void))

struct next_functions {
#define NEXT_FIELD(type, name, parameters) type(*name) parameters;
	NEXT_FUNCTIONS(NEXT_FIELD)
#undef NEXT_FIELD
};

/** Find them all. Functions that the libc does not have stay NULL. Takes the loader's lock. */
void next_find(struct next_functions *next);

/** Once more for those still NULL: a library that has them may have been loaded since. */
void next_find_missing(struct next_functions *next);

#endif
