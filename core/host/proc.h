// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Readers of /proc. The root ("/" or "", or a folder of captured files) is a parameter, so that
 * tests need no machine in a certain state. What the kernel does not say is 0, never an error: the
 * caller cannot do anything about an old kernel or a hidden /proc.
 */
#ifndef CORE_HOST_PROC_H
#define CORE_HOST_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * True if the numbers in this /proc are those of our own PID namespace. (After unshare --pid
 * without a new mount they are not, and would name other processes.)
 */
bool proc_is_ours(const char *root);

/** Longest path that this and cgroup.h put together. */
#define PROC_PATH_MAX 4352

/** Memory of a process: the Rss*, Vm* lines of /proc/PID/status. A zombie has none of them. */
struct proc_memory {
	uint64_t anonymous_bytes; /* RssAnon */
	uint64_t file_bytes;      /* RssFile */
	uint64_t shared_bytes;    /* RssShmem */
	uint64_t peak_rss_bytes;  /* VmHWM */
	uint32_t threads;         /* Threads */
};

/** Identity and state of a process: /proc/PID/stat. */
struct proc_stat {
	/** R, S, D, T (stopped), t (traced), Z, X ...; 0: not known. */
	char state;
	/** What the process or its program calls itself, cut by the kernel at 15 bytes. */
	char name[16];
	/**
	 * It is on its way out (PF_EXITING), perhaps not a zombie yet: much of /proc is wrong from
	 * now on.
	 */
	bool is_exiting;
	pid_t parent;
	pid_t group;
	pid_t session;
	/** Page faults that were served without reading a file. */
	uint64_t minor_faults;
	/** Processor time of the process's own threads, in clock ticks (sysconf(_SC_CLK_TCK)). */
	uint64_t user_ticks;
	uint64_t system_ticks;
	/** Clock ticks after boot: with the number it names one process for ever. */
	uint64_t start_ticks;
};

/** Make "ROOT/proc/PID/NAME" (pid 0: "self"). False if it does not fit. */
bool proc_path(char *path, size_t size, const char *root, pid_t pid, const char *name);

/** The text behind a key ("Uid:") at the start of a line, or NULL. */
const char *proc_line(const char *text, const char *key);

/** Parse the text of /proc/PID/status. Missing lines are 0. */
struct proc_memory proc_parse_memory(const char *status);

/**
 * Parse the text of /proc/PID/smaps_rollup: the process's share of the anonymous and the shared
 * memory that it has mapped (Pss_Anon, Pss_Shmem; bytes). False, with the outputs untouched, if the
 * kernel does not tell them.
 */
bool proc_parse_shares(const char *rollup, uint64_t *ret_anonymous_bytes,
		       uint64_t *ret_shared_bytes);

/** Parse the text of /proc/PID/stat, whatever the process is called. False if it is not one. */
bool proc_parse_stat(const char *text, struct proc_stat *ret_stat);

/** True if the process exists and its stat could be read. */
bool proc_read_stat(const char *root, pid_t pid, struct proc_stat *ret_stat);

/**
 * The text of /proc/PID/status, as far as it fits. If its first thread has ended, while others run,
 * that has nothing to say about memory: then another's. False if the process is gone.
 */
bool proc_read_status(const char *root, pid_t pid, char *text, size_t size);

/** Memory of a process, zeros if it is gone. */
struct proc_memory proc_read_memory(const char *root, pid_t pid);

/**
 * Descendants of a process: children, their children and so on, without the process itself. Returns
 * how many there are; up to max of them are stored. A process whose parent has died is nobody's
 * descendant. Cheap where the kernel lists children (CONFIG_PROC_CHILDREN); otherwise all of /proc
 * is looked through once.
 */
size_t proc_descendants(const char *root, pid_t pid, pid_t *ret_pids, size_t max);

/** Call visit for every process in /proc, or every thread of a process, until it returns false. */
void proc_each(const char *root, bool (*visit)(pid_t pid, void *data), void *data);
void proc_each_thread(const char *root, pid_t pid, bool (*visit)(pid_t tid, void *data),
		      void *data);

/** The process that traces this one: a debugger. 0: none, or not known. */
pid_t proc_tracer(const char *root, pid_t pid);

/**
 * The set of signals in a line of /proc/PID/status such as "ShdPnd:"; bit N-1 is signal N.
 * name includes the colon. 0 if there is no such line.
 */
uint64_t proc_parse_signals(const char *status, const char *name);

/**
 * Processes that the kernel killed for lack of memory since boot; -1 if it does not count (before
 * 4.13).
 */
int64_t proc_machine_oom_kills(const char *root);

/** A number for this boot of this machine; 0 if not known. */
uint64_t proc_boot(const char *root);

/** A number for our PID namespace, among those of this boot; 0 if not known. */
uint64_t proc_pid_namespace(const char *root);

/** MemTotal; 0 if not known. */
uint64_t proc_machine_ram(const char *root);

/**
 * What the machine can still give without killing anybody: MemAvailable (3.14) and free swap.
 * False, with the output untouched, if the kernel does not say.
 */
bool proc_machine_available(const char *root, uint64_t *ret_bytes);

#endif
