// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Segments whose supervisor is gone, or was never there. */
#include "core/profile/left_segment.h"

#include "core/host/claim.h"
#include "core/host/proc.h"
#include "tests/unit/core/profile/sample.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/wait.h>

/** What the kernel writes when the supervisor has died. */
static void kill_supervisor(struct segment_file *file)
{
	file->header.supervisor_tid = 0x40000000u | 4710;
	segment_file_flush(file);
}

#define CHANGE(file, member, ...)                                                           \
	do {                                                                                \
		__typeof__(((struct run_info *)0)->member) changed = __VA_ARGS__;           \
		segment_file_write((file), RUN_INFO_OFFSET + offsetof(struct run_info, member), \
				   &changed, sizeof(changed));                              \
	} while (0)

static struct profile *read_left(const struct segment_file *file)
{
	CHECK(left_segment_is_one(file->fd));
	struct profile *profile = left_segment_read(file->fd, "", true);
	REQUIRE(profile);
	return profile;
}

static void lost_with_all_that_is_known(void)
{
	struct segment_file file = sample_segment();
	kill_supervisor(&file);
	struct profile *profile = read_left(&file);
	CHECK_INT(profile->outcome.verdict, VERDICT_LOST);
	CHECK_INT(profile->outcome.lost, LOST_KILLED | LOST_DIES_TOGETHER);
	CHECK_INT(profile->outcome.cgroup_last_usage_bytes, 495 << 20);
	CHECK_INT(profile->outcome.duration_ms, 61500);
	CHECK_INT(profile->moment, MOMENT_OUT_OF_MEMORY);
	CHECK_STR(profile_string(profile, profile->command), "python3 job.py 'a b'");
	CHECK_STR(profile_string(profile, profile->directory), "/srv/app");
	CHECK_STR(profile_string(profile, profile->host), "node7");
	CHECK_INT(profile->sample_count, 2);
	CHECK_INT(profile->samples[1].tracked_bytes, 405 << 20);
	CHECK_INT(profile->entry_count, 4);
	CHECK_INT(profile_sum_bytes(profile, MEASURE_PEAK), profile->peak_bytes);
	profile_free(profile);
	close(file.fd);
}

static void memory_was_not_why(void)
{
	struct segment_file file = sample_segment();
	kill_supervisor(&file);
	CHANGE(&file, cgroup_bytes, 100 << 20);
	struct profile *profile = read_left(&file);
	CHECK_INT(profile->outcome.verdict, VERDICT_LOST);
	CHECK_INT(profile->moment, MOMENT_END);
	profile_free(profile);
	close(file.fd);
}

/** Nobody saw the supervisor die: the machine was switched off. */
static void machine_stopped(void)
{
	struct segment_file file = sample_segment();
	file.header.supervisor_tid = 4710;
	segment_file_flush(&file);
	struct profile *profile = read_left(&file);
	CHECK_INT(profile->outcome.lost, LOST_DIES_TOGETHER);
	CHECK_INT(profile->moment, MOMENT_END);
	profile_free(profile);
	close(file.fd);
}

/** Somebody who has the file open and claimed it is the supervisor, whatever its number. */
static void supervisor_lives(void)
{
	struct segment_file file = sample_segment();
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file.fd);
	int other = open(path, O_RDWR | O_CLOEXEC);
	REQUIRE(other >= 0 && claim_take(other));
	struct profile *profile = read_left(&file);
	CHECK_INT(profile->outcome.verdict, VERDICT_RUNNING);
	CHECK_INT(profile->moment, MOMENT_NOW);
	profile_free(profile);
	/* It sees the end, and then is killed while it writes the report. */
	CHANGE(&file, outcome, { .verdict = VERDICT_EXITED, .exit_status = 3 });
	profile = read_left(&file);
	CHECK_INT(profile->outcome.verdict, VERDICT_EXITED);
	profile_free(profile);
	close(other);
	profile = read_left(&file);
	CHECK_INT(profile->outcome.verdict, VERDICT_EXITED);
	CHECK_INT(profile->outcome.exit_status, 3);
	CHECK_INT(profile->moment, MOMENT_END);
	profile_free(profile);
	close(file.fd);
}

static enum verdict verdict_of(const struct segment_file *file)
{
	struct profile *profile = read_left(file);
	enum verdict verdict = profile->outcome.verdict;
	profile_free(profile);
	return verdict;
}

static void workload_outlives_its_supervisor(void)
{
	struct segment_file file = sample_segment();
	int ends[2];
	struct proc_stat stat;
	char byte;
	REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
	kill_supervisor(&file);
	pid_t pid = fork();
	if (pid == 0) {
		close(ends[1]);
		_exit(read(ends[0], &byte, 1) != 0);
	}
	REQUIRE(proc_read_stat("", pid, &stat));
	CHANGE(&file, pid, pid);
	CHANGE(&file, start_ticks, stat.start_ticks);
	CHANGE(&file, boot, proc_boot(""));
	CHANGE(&file, pid_namespace, proc_pid_namespace(""));
	CHECK_INT(verdict_of(&file), VERDICT_RUNNING);
	/* The same number, but another time, another container, another boot. */
	CHANGE(&file, start_ticks, stat.start_ticks + 1);
	CHECK_INT(verdict_of(&file), VERDICT_LOST);
	CHANGE(&file, start_ticks, stat.start_ticks);
	CHANGE(&file, pid_namespace, proc_pid_namespace("") + 1);
	CHECK_INT(verdict_of(&file), VERDICT_LOST);
	CHANGE(&file, pid_namespace, proc_pid_namespace(""));
	CHANGE(&file, boot, proc_boot("") + 1);
	CHECK_INT(verdict_of(&file), VERDICT_LOST);
	CHANGE(&file, boot, proc_boot(""));
	CHECK_INT(verdict_of(&file), VERDICT_RUNNING);
	close(ends[1]);
	/* A zombie lives no more. */
	siginfo_t ended;
	REQUIRE(waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOWAIT) == 0);
	CHECK_INT(verdict_of(&file), VERDICT_LOST);
	waitpid(pid, NULL, 0);
	close(ends[0]);
	close(file.fd);
}

/** Killed before it had written anything: the stacks are there all the same. */
static void without_information(void)
{
	struct segment_file file = sample_segment();
	CHANGE(&file, version, RUN_INFO_VERSION + 1);
	struct profile *profile = read_left(&file);
	CHECK_INT(profile->outcome.verdict, VERDICT_LOST);
	CHECK_STR(profile_string(profile, profile->command), "");
	CHECK_INT(profile->sample_count, 0);
	CHECK_INT(profile->entry_count, 4);
	profile_free(profile);
	close(file.fd);
}

static void nonsense_is_not_believed(void)
{
	struct segment_file file = sample_segment();
	static const char full[RUN_INFO_TEXT_BYTES] = { [0 ... RUN_INFO_TEXT_BYTES - 1] = 'x' };
	struct outcome outcome = { .verdict = 77, .breach = { 9, 9, 9, 0, 1, 1, 1, 1, 1 } };
	memset(&outcome.core_dumped, 0xff, 1);
	CHANGE(&file, outcome, outcome);
	CHANGE(&file, serial, 7);
	CHANGE(&file, sample_count, UINT32_MAX);
	CHANGE(&file, samples[1], { .time_ms = 0 });
	segment_file_write(&file, RUN_INFO_OFFSET + offsetof(struct run_info, text), full,
			   sizeof(full));
	struct profile *profile = read_left(&file);
	CHECK_INT(profile->outcome.verdict, VERDICT_UNKNOWN);
	CHECK_INT(profile->outcome.core_dumped, true);
	/* What the slot says of a breach is all that is left. */
	CHECK_INT(profile->outcome.breach.metric, CEILING_NONE);
	CHECK_INT(profile->outcome.breach.trigger, BREACH_ALLOCATION);
	CHECK_INT(profile->sample_count, 1);
	CHECK_INT(strlen(profile_string(profile, profile->command)), RUN_INFO_TEXT_BYTES - 1);
	CHECK_STR(profile_string(profile, profile->host), "");
	profile_free(profile);
	close(file.fd);
}

static void other_files_are_none(void)
{
	int fd = memfd_create("other", MFD_CLOEXEC);
	REQUIRE(fd >= 0 && write(fd, "FILCAPT\n", 8) == 8);
	CHECK(!left_segment_is_one(fd));
	CHECK(!left_segment_read(fd, "", true));
	CHECK_INT(errno, EPROTO);
	close(fd);
	struct segment_file file = sample_segment();
	file.header.version++;
	segment_file_flush(&file);
	CHECK(left_segment_is_one(file.fd));
	CHECK(!left_segment_read(file.fd, "", true));
	CHECK_INT(errno, EPROTO);
	close(file.fd);
}

int main(void)
{
	RUN(lost_with_all_that_is_known);
	RUN(memory_was_not_why);
	RUN(machine_stopped);
	RUN(supervisor_lives);
	RUN(workload_outlives_its_supervisor);
	RUN(without_information);
	RUN(nonsense_is_not_believed);
	RUN(other_files_are_none);
	return test_done();
}
