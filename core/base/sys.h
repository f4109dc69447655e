// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * System calls without a libc: no errno, no cancellation points, nothing that the workload's libc
 * could intercept. Results are the kernel's: a negative value from -4095 to -1 is -errno.
 *
 * For the hook, which has no libc of its own; the tool uses its libc except where the two must
 * agree.
 */
#ifndef CORE_BASE_SYS_H
#define CORE_BASE_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

static inline long sys_call6(long number, long a, long b, long c, long d, long e, long f)
{
#if defined(__x86_64__)
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;
	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
#else
#error "this architecture has no system call sequence here yet"
#endif
}

#define sys_call0(n) sys_call6((n), 0, 0, 0, 0, 0, 0)
#define sys_call1(n, a) sys_call6((n), (long)(a), 0, 0, 0, 0, 0)
#define sys_call2(n, a, b) sys_call6((n), (long)(a), (long)(b), 0, 0, 0, 0)
#define sys_call3(n, a, b, c) sys_call6((n), (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define sys_call4(n, a, b, c, d) \
	sys_call6((n), (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define sys_call5(n, a, b, c, d, e) \
	sys_call6((n), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)

/** True if a result of a system call, or an address it returned, is an error. */
static inline bool sys_failed(long result)
{
	return (unsigned long)result > -4096UL;
}

/* Constants of the kernel's ABI that musl's headers lack or that differ in name between libcs.
   Source: include/uapi/linux/mman.h, futex.h, fcntl.h, asm-generic. */
#define SYS_PROT_NONE 0x0
#define SYS_PROT_READ 0x1
#define SYS_PROT_WRITE 0x2
#define SYS_MAP_SHARED 0x01
#define SYS_MAP_PRIVATE 0x02
#define SYS_MAP_FIXED 0x10
#define SYS_MAP_ANONYMOUS 0x20
#define SYS_MAP_NORESERVE 0x4000
#define SYS_MREMAP_MAYMOVE 1
#define SYS_MREMAP_FIXED 2
#define SYS_MREMAP_DONTUNMAP 4
#define SYS_MADV_REMOVE 9
#define SYS_MADV_DONTDUMP 16
#define SYS_MADV_WIPEONFORK 18
#define SYS_MADV_POPULATE_WRITE 23 /* since 5.14 */
#define SYS_FUTEX_WAIT 0
#define SYS_FUTEX_WAKE 1
#define SYS_AT_FDCWD (-100)
#define SYS_O_RDONLY 0
#define SYS_O_WRONLY 1
#define SYS_O_RDWR 2
#define SYS_O_CLOEXEC 02000000
#define SYS_ENOMEM 12
#define SYS_EINVAL 22
#define SYS_ESRCH 3

struct sys_timespec {
	int64_t seconds;
	int64_t nanoseconds;
};

static inline long sys_open(const char *path, int flags)
{
	return sys_call4(SYS_openat, SYS_AT_FDCWD, path, flags, 0);
}

/**
 * Bytes that a file takes, holes left out; false if the kernel does not say (before 4.11, filters).
 * statx(2); the fields' places are those of include/uapi/linux/stat.h.
 */
static inline bool sys_file_bytes(const char *path, uint64_t *ret_bytes)
{
	struct {
		uint8_t before[48];
		uint64_t blocks;
		uint8_t behind[200];
	} status;
	const unsigned wanted = 0x400; /* STATX_BLOCKS */
	if (sys_failed(sys_call5(SYS_statx, SYS_AT_FDCWD, path, 0, wanted, &status))) {
		return false;
	}
	*ret_bytes = status.blocks * 512;
	return true;
}

/**
 * Threads of this process; 0 if the kernel does not say. The links of its folder of them: two and
 * one for each (fs/proc/base.c, proc_task_getattr).
 */
static inline uint32_t sys_thread_count(void)
{
	struct {
		uint8_t before[16];
		uint32_t links;
		uint8_t behind[236];
	} status;
	const unsigned wanted = 0x4; /* STATX_NLINK */
	if (sys_failed(sys_call5(SYS_statx, SYS_AT_FDCWD, "/proc/self/task", 0, wanted, &status))
	    || status.links < 2) {
		return 0;
	}
	return status.links - 2;
}

static inline long sys_close(int fd)
{
	return sys_call1(SYS_close, fd);
}

static inline long sys_read(int fd, void *buffer, size_t len)
{
	return sys_call3(SYS_read, fd, buffer, len);
}

static inline long sys_write(int fd, const void *buffer, size_t len)
{
	return sys_call3(SYS_write, fd, buffer, len);
}

/** Map memory; check the result with sys_failed((long)result). */
static inline void *sys_mmap(void *address, size_t len, int prot, int flags, int fd, int64_t offset)
{
	return (void *)sys_call6(SYS_mmap, (long)address, (long)len, prot, flags, fd, offset);
}

/** Private zeroed memory, or NULL. */
static inline void *sys_map_private(size_t len)
{
	void *memory = sys_mmap(NULL, len, SYS_PROT_READ | SYS_PROT_WRITE,
				SYS_MAP_PRIVATE | SYS_MAP_ANONYMOUS, -1, 0);
	return sys_failed((long)memory) ? NULL : memory;
}

static inline long sys_munmap(void *address, size_t len)
{
	return sys_call2(SYS_munmap, address, len);
}

static inline void *sys_mremap(void *old, size_t old_len, size_t new_len, int flags, void *target)
{
	return (void *)sys_call5(SYS_mremap, old, old_len, new_len, flags, target);
}

static inline long sys_madvise(void *address, size_t len, int advice)
{
	return sys_call3(SYS_madvise, address, len, advice);
}

/** The process's own number, from the kernel: a vfork child gets its own, not its parent's. */
static inline int sys_getpid(void)
{
	return (int)sys_call0(SYS_getpid);
}

static inline int sys_gettid(void)
{
	return (int)sys_call0(SYS_gettid);
}

/**
 * Wait until *word is no longer expected, something wakes it, or the time is over (NULL: never).
 */
static inline long sys_futex_wait(uint32_t *word, uint32_t expected,
				  const struct sys_timespec *wait)
{
	return sys_call4(SYS_futex, word, SYS_FUTEX_WAIT, expected, wait);
}

static inline long sys_futex_wake(uint32_t *word, int waiters)
{
	return sys_call3(SYS_futex, word, SYS_FUTEX_WAKE, waiters);
}

static inline long sys_sched_yield(void)
{
	return sys_call0(SYS_sched_yield);
}

static inline long sys_tgkill(int pid, int tid, int signal)
{
	return sys_call3(SYS_tgkill, pid, tid, signal);
}

/** Say a fixed string on stderr and end: the hook's one way to die. */
static inline _Noreturn void sys_die(const char *message, size_t len)
{
	sys_write(2, message, len);
	sys_call2(SYS_kill, sys_getpid(), 6);
	for (;;) {
		sys_call1(SYS_exit_group, 134);
	}
}

#endif
