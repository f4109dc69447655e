// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* The supervisor is killed: the workload goes on, and is told. */
#include "core/base/atomic.h"
#include "core/base/sys.h"
#include "core/host/proc.h"
#include "core/shm/segment.h"
#include "core/supervise/doorbell.h"
#include "tests/unit/core/supervise/run.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

/** A supervisor in a process of its own. */
struct other {
	pid_t pid;
	pid_t workload;
	int segment_fd;
	/** What the workload writes arrives here; it reads from the other. */
	int from_workload;
	int to_workload;
};

struct introduction {
	pid_t workload;
	int segment_fd;
};

static struct other other_start(void)
{
	int in[2], out[2], news[2];
	struct other other = { 0 };
	struct introduction introduction;
	char path[64];
	fflush(stdout);
	REQUIRE(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0 && pipe(news) == 0);
	other.pid = fork();
	if (other.pid == 0) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		struct supervisor *supervisor = run_shell("read line; echo $line");
		introduction = (struct introduction){ supervise_pid(supervisor),
						      supervise_segment_fd(supervisor) };
		if (write(news[1], &introduction, sizeof(introduction)) < 0) {
			_exit(1);
		}
		run_end(supervisor);
		_exit(0);
	}
	close(in[0]);
	close(out[1]);
	REQUIRE(read(news[0], &introduction, sizeof(introduction)) == sizeof(introduction));
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", other.pid, introduction.segment_fd);
	other.workload = introduction.workload;
	other.segment_fd = open(path, O_RDWR);
	other.from_workload = out[0];
	other.to_workload = in[1];
	REQUIRE(other.segment_fd >= 0);
	return other;
}

static void killed_supervisor_is_marked_by_the_kernel(void)
{
	struct other other = other_start();
	struct segment_header *header =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, other.segment_fd, 0);
	CHECK_INT(load_acquire(&header->supervisor_tid), other.pid);
	kill(other.pid, SIGKILL);
	REQUIRE(waitpid(other.pid, NULL, 0) == other.pid);
	CHECK_INT(load_acquire(&header->supervisor_tid), FUTEX_OWNER_DIED);
	/* The workload has not noticed. */
	char line[8] = "";
	REQUIRE(write(other.to_workload, "alive\n", 6) == 6);
	CHECK_INT(read(other.from_workload, line, sizeof(line) - 1), 6);
	CHECK_STR(line, "alive\n");
}

/** A hook that waits for an answer is woken by the death, however long it would have waited. */
static void waiter_is_woken_by_the_death(void)
{
	struct other other = other_start();
	struct segment_header *header =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, other.segment_fd, 0);
	uint32_t waited_for = (uint32_t)other.pid | 0x80000000u; /* FUTEX_WAITERS: wake at death */
	store_release(&header->supervisor_tid, waited_for);
	pid_t killer = fork();
	REQUIRE(killer >= 0);
	if (killer == 0) {
		kill(other.pid, SIGKILL);
		_exit(0);
	}
	while (load_acquire(&header->supervisor_tid) == waited_for) {
		sys_futex_wait(&header->supervisor_tid, waited_for, NULL);
	}
	CHECK(load_acquire(&header->supervisor_tid) & FUTEX_OWNER_DIED);
	waitpid(killer, NULL, 0);
	waitpid(other.pid, NULL, 0);
	kill(other.workload, SIGKILL);
}

static void witness_dies_with_us(void)
{
	struct other other = other_start();
	pid_t below[4];
	struct proc_stat stat;
	REQUIRE(proc_descendants("", other.pid, below, 4) == 2);
	kill(other.pid, SIGKILL);
	REQUIRE(waitpid(other.pid, NULL, 0) == other.pid);
	pid_t witness = below[0] == other.workload ? below[1] : below[0];
	while (proc_read_stat("", witness, &stat) && stat.state != 'Z') {
	}
	CHECK_INT(kill(other.workload, SIGKILL), 0);
}

int main(void)
{
	RUN(killed_supervisor_is_marked_by_the_kernel);
	RUN(waiter_is_woken_by_the_death);
	RUN(witness_dies_with_us);
	return test_done();
}
