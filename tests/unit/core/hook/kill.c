// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The hook in a program that is killed at 200 random moments: what it leaves in the segment must be
 * consistent, but for the operation that each thread was in the middle of.
 */
#include "core/base/atomic.h"
#include "core/profile/collect.h"
#include "core/shm/ledger.h"
#include "tests/unit/core/shm/fixture.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#define KILLS 200
#define HOOK "build/hook.so"
/** Every kind of operation; and threads that keep ledgers of their own most of the time. */
static const char *const workloads[] = { "build/workloads/churns_in_threads",
					 "build/workloads/keeps_books_in_threads" };

/** Start the workload with the hook in it, recording into the segment. */
static pid_t start(const char *workload, int segment_fd, struct segment_header *header,
		   struct slot *slot)
{
	char *hook = realpath(HOOK, NULL);
	REQUIRE(hook != NULL);
	char preload[4096];
	char segment[128];
	snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", hook);
	snprintf(segment, sizeof(segment), "FIL_SEGMENT=/proc/%d/fd/%d", (int)getpid(), segment_fd);
	free(hook);
	pid_t pid = fork();
	if (pid == 0) {
		segment_expect(header, slot, (uint32_t)getpid());
		execve(workload, (char *[]){ (char *)workload, NULL },
		       (char *[]){ preload, segment, NULL });
		_exit(127);
	}
	REQUIRE(pid > 0);
	return pid;
}

/** Wait until the workload has recorded so many allocations; false if it ends before. */
static bool wait_for_allocations(pid_t pid, const struct segment_header *header, uint64_t count)
{
	while (ledger_sum(header).allocations < count) {
		siginfo_t info = { 0 };
		if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0
		    || info.si_pid) {
			return false;
		}
		sched_yield();
	}
	return true;
}

static void kill_after(const char *workload, uint64_t allocations)
{
	int fd = fixture_segment();
	struct segment_header *header =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	struct slot *slot = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
				 (off_t)slot_offset(0));
	REQUIRE(header != MAP_FAILED && slot != MAP_FAILED);
	header->supervisor_tid = (uint32_t)getpid();
	pid_t pid = start(workload, fd, header, slot);
	CHECK(wait_for_allocations(pid, header, allocations));
	kill(pid, SIGKILL);
	int status;
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);

	char *report = NULL;
	int violated = segment_verify(fd, &report);
	CHECK_INT(violated, 0);
	if (violated) {
		printf("%s killed after %llu allocations:\n%s\n", workload,
		       (unsigned long long)allocations, report ? report : "");
	}
	free(report);
	munmap(header, 4096);
	munmap(slot, 8192);
	close(fd);
}

static void leaves_a_consistent_segment(void)
{
	unsigned seed = 20;
	for (int i = 0; i < KILLS; i++) {
		seed = seed * 1103515245 + 12345;
		/* Early moments often: the tables grow then. */
		kill_after(workloads[i / 2 % 2], (seed >> 8) % (i % 2 ? 60000 : 600));
	}
}

int main(void)
{
	/* Hook and workload are named from the root of the tree. */
	const char *root = getenv("FIL_ROOT");
	REQUIRE(!root || chdir(root) == 0);
	RUN(leaves_a_consistent_segment);
	return test_done();
}
