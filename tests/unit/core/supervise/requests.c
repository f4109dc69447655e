// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Requests of a hook, posted here in its stead through the segment's file; and SIGUSR2. */
#include "core/base/atomic.h"
#include "core/base/sys.h"
#include "core/shm/segment.h"
#include "core/supervise/doorbell.h"
#include "core/supervise/fault_counter.h"
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

static struct supervisor *run_limited(bool no_fault_counter)
{
	char *argv[] = { "sh", "-c", "read line", NULL };
	struct supervise_options options = {
		.program = "/bin/sh",
		.argv = argv,
		.envp = environ,
		.fallback_folder = "/tmp",
		.ceiling_metric = CEILING_RESIDENT,
		.ceiling_bytes = (uint64_t)1 << 30,
		.no_fault_counter = no_fault_counter,
		.proc_root = "/",
	};
	struct supervise_error error = { .message = "" };
	struct supervisor *supervisor = supervise_start(&options, &error);
	REQUIRE(supervisor);
	return supervisor;
}

/** The step that is set when a snapshot, which was asked for after it, is handed out. */
static uint32_t step_after(struct supervisor *supervisor, const struct mapped *mapped,
			   uint64_t step)
{
	mapped->slot->request.bytes = step;
	post(mapped, REQUEST_FAULTS);
	kill(getpid(), SIGUSR2);
	CHECK_INT(supervise_next(supervisor), SUPERVISE_SNAPSHOT);
	CHECK_INT(mapped->slot->request.kind, REQUEST_NONE);
	return mapped->header->ceiling.fault_step;
}

static void faults_are_counted_where_that_is_permitted(void)
{
	struct supervisor *supervisor = run_limited(false);
	struct mapped mapped = map_segment(supervisor);
	mapped.slot->generation = 1;
	CHECK_INT(mapped.header->ceiling.fault_step, CEILING_STEPS);
	if (mapped.header->ceiling.page_bytes) {
		CHECK(mapped.header->ceiling.page_bytes >= 4096);
		/* Whatever step was asked for: once counted, what is ended stays ended. */
		step_after(supervisor, &mapped, 2);
		CHECK_INT(step_after(supervisor, &mapped, CEILING_STEPS), CEILING_STEPS);
		CHECK_INT(step_after(supervisor, &mapped, 2), CEILING_STEPS);
	}
	kill(supervise_pid(supervisor), SIGKILL);
	CHECK_INT(run_end(supervisor).signal, SIGKILL);
}

static void faults_are_not_counted_if_that_is_not_wanted(void)
{
	struct supervisor *supervisor = run_limited(true);
	struct mapped mapped = map_segment(supervisor);
	mapped.slot->generation = 1;
	CHECK_INT(mapped.header->ceiling.page_bytes, 0);
	CHECK_INT(step_after(supervisor, &mapped, 2), CEILING_STEPS);
	kill(supervise_pid(supervisor), SIGKILL);
	CHECK_INT(run_end(supervisor).signal, SIGKILL);
}

static void a_counter_is_safe_where_blocked_signals_kill_nobody(void)
{
	CHECK(!fault_counter_is_safe("4.19.0-26-amd64"));
	CHECK(!fault_counter_is_safe("5.17.15"));
	CHECK(fault_counter_is_safe("5.18"));
	CHECK(fault_counter_is_safe("6.1.0-18-amd64"));
	CHECK(fault_counter_is_safe("10.0.1"));
	CHECK(!fault_counter_is_safe("next"));
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
	RUN(faults_are_counted_where_that_is_permitted);
	RUN(faults_are_not_counted_if_that_is_not_wanted);
	RUN(a_counter_is_safe_where_blocked_signals_kill_nobody);
	RUN(sigusr2_to_us_is_a_snapshot_and_not_forwarded);
	RUN(process_of_the_callers_that_ended_is_told);
	return test_done();
}
