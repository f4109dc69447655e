// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Runs the workload and tells the caller, one event at a time, what happens to it. Knows no report.
 *
 * A supervisor is one per process: while it lives, all signals of the process are blocked and read
 * by supervise_next (also in processes that the caller forks), SIGCHLD has its default action and
 * RLIMIT_FSIZE and RLIMIT_NOFILE are as high as they may be; supervise_done gives it all back. It
 * must be used by the thread that started it, which must be the last to end: its death is what
 * tells the workload that nobody answers any more.
 *
 * Use: supervise_start; then supervise_next until it returns SUPERVISE_ENDED; then
 * supervise_outcome, supervise_done, and supervise_die_as to end as the workload did.
 */
#ifndef CORE_SUPERVISE_SUPERVISE_H
#define CORE_SUPERVISE_SUPERVISE_H

#include "core/base/outcome.h"
#include "core/host/rights.h"
#include "core/remote/stacks.h"
#include "oomsim/brink.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct supervisor;

struct supervise_options {
	/** Absolute or relative path of the program to exec, already found on PATH. */
	const char *program;
	char *const *argv;
	/**
	 * Environment of the workload without the hook's variables (core/supervise/environment.h),
	 * which the hook takes off again, leaving no trace.
	 */
	char *const *envp;
	/** The hook's image, embedded in the tool. */
	const void *hook_image;
	size_t hook_image_bytes;
	/**
	 * Folder for the fallback when memfd or /proc is not available: the result folder's parent.
	 */
	const char *fallback_folder;
	/** The ceiling: metric CEILING_NONE if there is none. */
	enum ceiling_metric ceiling_metric;
	enum ceiling_action ceiling_action;
	uint64_t ceiling_bytes;
	/**
	 * Number of the allocation that is to fail (core/base/breach.h), once in each image that
	 * the program becomes by exec; 0: none.
	 */
	uint64_t fail_at;
	/** Leave touched memory to the looks: no counter of page faults (fault_counter.h). */
	bool no_fault_counter;
	/** No pictures in advance: SUPERVISE_PICTURE does not happen. */
	bool no_pictures;
	/** Native stacks: SEGMENT_NATIVE_NO, SEGMENT_NATIVE_YES or 0 (core/shm/segment.h). */
	uint32_t native;
	/** Nothing is recorded until the workload asks for it: only its scopes are. */
	bool is_on_request;
	/** Let every run lie at the same addresses (ADDR_NO_RANDOMIZE), if the kernel lets us. */
	bool is_deterministic;
	/**
	 * The file in which the segment is to be kept, which must not be there yet; NULL: only in
	 * memory. What a report of it then needs to know follows; none may be NULL.
	 */
	const char *segment_file;
	struct supervise_notes {
		const char *command;   /* quoted for a shell, "" to leave it out */
		const char *directory; /* of the workload at its start */
		const char *code;      /* the program given with -c, or "" */
		bool no_source;        /* reports are to show no source lines */
	} notes;
	/** "/" or a root under which proc and cgroup files are looked up (tests). */
	const char *proc_root;
};

/** A step that failed before the workload ran: what, and which errno. For cmd to print. */
struct supervise_error {
	char message[512];
	/** The status that fil-profile should end with: 125, 126 or 127. */
	int status;
};

enum supervise_event {
	/**
	 * A report of the peak so far is wanted (SIGUSR2 to us or to the workload). The workload
	 * goes on.
	 */
	SUPERVISE_SNAPSHOT,
	/**
	 * An allocation was refused and the workload waits (bounded) for us to read its live
	 * memory: collect at once, then call supervise_answer.
	 */
	SUPERVISE_FAILED_ALLOCATION,
	/**
	 * The ceiling was crossed under CEILING_STOP, and the workload and all below it are
	 * stopped: say so, then call supervise_answer.
	 */
	SUPERVISE_BREACH,
	/**
	 * Memory is almost out, the container's or the machine's (supervise_brink), and what is
	 * held is not what the last picture shows: begin another, then call
	 * supervise_picture_begun; or let it be, and this comes again. The workload goes on. Also
	 * while less is left than a picture takes: then one that is being made should be ended, if
	 * with what it holds itself supervise_is_tight.
	 */
	SUPERVISE_PICTURE,
	/** The workload waits for a report of its scope: then call supervise_scope_done. */
	SUPERVISE_SCOPE,
	/** A process that the caller has forked has ended: it may be waited for. */
	SUPERVISE_CHILD_ENDED,
	/**
	 * The workload has ended; everything about it is in the outcome. From now on SIGQUIT ends
	 * us as it would anybody: the way out if writing the report hangs.
	 */
	SUPERVISE_ENDED,
};

/**
 * Create the segment, pass the hook and start the workload. NULL with *ret_error filled if it did
 * not start; an exec that failed is 126 or 127 as for a shell.
 *
 * What the workload must not see changed: argv, environment (but for what the hook removes),
 * signal mask and dispositions, descriptors, limits, umask, process group, controlling terminal.
 * What does change: the process is not the leader of its group (we are), its oom_score_adj is
 * higher by a little (child_oom_bias), it has a sibling (witness.h), and a pending alarm or a
 * parent-death signal that was set before we were executed reaches it through us.
 */
struct supervisor *supervise_start(const struct supervise_options *options,
				   struct supervise_error *ret_error);

/**
 * Wait for the next event. Forwards signals, samples memory, follows job control and, as process 1
 * or as a subreaper, waits for orphans meanwhile, but not for processes of our own program: those
 * that the caller has forked are the caller's to wait for. After SUPERVISE_ENDED it returns that
 * again.
 */
enum supervise_event supervise_next(struct supervisor *supervisor);

/**
 * Let a waiting workload go on. After SUPERVISE_BREACH: once somebody continues it; at a terminal
 * we stop, too, until a shell's fg continues all.
 */
void supervise_answer(struct supervisor *supervisor);

/** How scarce memory was when that was last looked at. */
struct brink supervise_brink(const struct supervisor *supervisor);

/**
 * Less is left than a picture takes: the workload needs it more. Of what is used, worker_bytes are
 * those of a picture that is being made: they count as left, since ending it would give them back.
 * A quarter has to be left without them, so that there is some time to end it.
 */
bool supervise_is_tight(const struct supervisor *supervisor, uint64_t worker_bytes);

/** In how many milliseconds nothing will be left at that pace; UINT64_MAX: it does not shrink. */
uint64_t supervise_brink_left_ms(const struct supervisor *supervisor);

/** A picture of what is held now is being made: no other is due until that has changed. */
void supervise_picture_begun(struct supervisor *supervisor);

/**
 * The reports of the scope that were asked for so far are there, or (result not 0) are not
 * complete.
 */
void supervise_scope_done(struct supervisor *supervisor, uint32_t result);

/** is_deterministic was wanted, and the kernel refused it. */
bool supervise_is_randomised(const struct supervisor *supervisor);

/** The outcome so far (verdict RUNNING) or at the end. */
struct outcome supervise_outcome(const struct supervisor *supervisor);

/** The segment's descriptor, for profile_collect. Owned by the supervisor. */
int supervise_segment_fd(const struct supervisor *supervisor);

/** The timeline so far; owned by the supervisor, valid until the next supervise_next. */
const struct usage_sample *supervise_timeline(const struct supervisor *supervisor,
						uint32_t *ret_count);

/**
 * What the threads of the workload were doing at a breach that was seen from outside; none if there
 * was none, or they could not be read. Owned by the supervisor.
 */
const struct remote_stacks *supervise_stacks(const struct supervisor *supervisor);

/**
 * What was seen of the workload's sparse mappings, where it has not looked since; owned by the
 * supervisor.
 */
const struct sparse_mapping *supervise_touched(const struct supervisor *supervisor,
					       uint32_t *ret_count);

/** The workload's process id. */
pid_t supervise_pid(const struct supervisor *supervisor);

/**
 * The rights of the workload, which names files and folders: as they are now, or were when it
 * ended. 0 (call rights_done); -1 with errno: EPERM if they may be another program's, which the
 * workload has executed in its place, and whose rights are not its own.
 */
int supervise_rights(const struct supervisor *supervisor, struct rights *ret_rights);

/** The segment's file stays when all else is released: its report could not be written. */
void supervise_keep_segment(struct supervisor *supervisor);

/**
 * Release everything (not the workload, should it still run). The segment's file is removed unless
 * it is to stay.
 */
void supervise_done(struct supervisor *supervisor);

/**
 * End this process as the workload ended: its exit status, or its signal, without a core dump (as
 * PID 1: exit 128+N). Does not return.
 */
_Noreturn void supervise_die_as(const struct outcome *outcome);

#endif
