// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Requests of a hook, posted here in its stead through the segment's file; and SIGUSR2. */
#include "core/base/atomic.h"
#include "core/base/sys.h"
#include "core/shm/segment.h"
#include "core/supervise/doorbell.h"
#include "tests/unit/core/supervise/run.h"

#include <limits.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

struct mapped {
	struct segment_header *header;
	struct slot *slot;
};

static struct mapped map_segment(const struct supervisor *supervisor)
{
	int fd = supervise_segment_fd(supervisor);
	const int access = PROT_READ | PROT_WRITE;
	return (struct mapped){
		mmap(NULL, 4096, access, MAP_SHARED, fd, 0),
		mmap(NULL, 4096, access, MAP_SHARED, fd, (off_t)slot_offset(0)),
	};
}

static void post(const struct mapped *mapped, enum request_kind kind)
{
	mapped->slot->request.serial++;
	store_release(&mapped->slot->request.kind, (uint32_t)kind);
	add_relaxed(&mapped->header->doorbell, 1);
	sys_futex_wake(&mapped->header->doorbell, 1);
}

static void segment_is_ready_for_a_hook(void)
{
	struct supervisor *supervisor = run_shell("read line");
	struct mapped mapped = map_segment(supervisor);
	CHECK_INT(mapped.header->magic, SEGMENT_MAGIC);
	CHECK_INT(mapped.header->version, SEGMENT_VERSION);
	CHECK_INT(mapped.header->supervisor_tid, getpid());
	CHECK_INT(mapped.header->totals.epoch, 1);
	CHECK_INT(mapped.header->slots_used, 1);
	CHECK_INT(mapped.slot->state, SLOT_EXPECTED);
	CHECK_INT(mapped.slot->pid, supervise_pid(supervisor));
	kill(supervise_pid(supervisor), SIGKILL);
	run_end(supervisor);
	CHECK_INT(mapped.header->supervisor_tid, FUTEX_OWNER_DIED);
}

static void snapshot_is_asked_for_and_nobody_waits(void)
{
	struct supervisor *supervisor = run_shell("read line");
	struct mapped mapped = map_segment(supervisor);
	post(&mapped, REQUEST_SNAPSHOT);
	CHECK_INT(supervise_next(supervisor), SUPERVISE_SNAPSHOT);
	CHECK_INT(mapped.slot->request.kind, REQUEST_NONE);
	kill(supervise_pid(supervisor), SIGKILL);
	CHECK_INT(run_end(supervisor).signal, SIGKILL);
}

static void refused_allocation_waits_for_its_answer(void)
{
	struct supervisor *supervisor = run_shell("read line");
	struct mapped mapped = map_segment(supervisor);
	mapped.slot->failed_bytes = 4096;
	mapped.slot->failed_count = 1;
	post(&mapped, REQUEST_FAILED_ALLOCATION);
	CHECK_INT(supervise_next(supervisor), SUPERVISE_FAILED_ALLOCATION);
	CHECK_INT(mapped.slot->request.kind, REQUEST_FAILED_ALLOCATION);
	supervise_answer(supervisor);
	CHECK_INT(mapped.slot->request.kind, REQUEST_NONE);
	kill(supervise_pid(supervisor), SIGABRT);
	struct outcome outcome = run_end(supervisor);
	CHECK_INT(outcome.verdict, VERDICT_ALLOCATION_FAILED);
	CHECK_INT(outcome.signal, SIGABRT);
	CHECK_INT(outcome.failed_bytes, 4096);
	CHECK_INT(outcome.failed_count, 1);
}

static void request_of_unknown_kind_is_dropped(void)
{
	struct supervisor *supervisor = run_shell("read line");
	struct mapped mapped = map_segment(supervisor);
	post(&mapped, (enum request_kind)77);
	kill(getpid(), SIGUSR2);
	CHECK_INT(supervise_next(supervisor), SUPERVISE_SNAPSHOT);
	CHECK_INT(mapped.slot->request.kind, REQUEST_NONE);
	kill(supervise_pid(supervisor), SIGKILL);
	run_end(supervisor);
}

static void sigusr2_to_us_is_a_snapshot_and_not_forwarded(void)
{
	struct supervisor *supervisor = run_shell("trap 'exit 9' USR2; read line; exit 3");
	kill(getpid(), SIGUSR2);
	CHECK_INT(supervise_next(supervisor), SUPERVISE_SNAPSHOT);
	kill(supervise_pid(supervisor), SIGKILL);
	CHECK_INT(run_end(supervisor).signal, SIGKILL);
}

static void process_of_the_callers_that_ended_is_told(void)
{
	struct supervisor *supervisor = run_shell("read line");
	pid_t pid = fork();
	int status = 0;
	if (pid == 0) {
		_exit(5);
	}
	CHECK_INT(supervise_next(supervisor), SUPERVISE_CHILD_ENDED);
	CHECK_INT(waitpid(pid, &status, WNOHANG), pid);
	CHECK_INT(WEXITSTATUS(status), 5);
	kill(supervise_pid(supervisor), SIGKILL);
	CHECK_INT(supervise_next(supervisor), SUPERVISE_ENDED);
	CHECK_INT(run_end(supervisor).signal, SIGKILL);
}

int main(void)
{
	/* Workloads read from this and so wait until they are killed. */
	int ends[2];
	REQUIRE(pipe(ends) == 0 && dup2(ends[0], STDIN_FILENO) == 0);
	RUN(segment_is_ready_for_a_hook);
	RUN(snapshot_is_asked_for_and_nobody_waits);
	RUN(refused_allocation_waits_for_its_answer);
	RUN(request_of_unknown_kind_is_dropped);
	RUN(sigusr2_to_us_is_a_snapshot_and_not_forwarded);
	RUN(process_of_the_callers_that_ended_is_told);
	return test_done();
}
