// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Threads of a child that is stopped: they are seen, and stay as they are. */
#include "core/remote/registers.h"

#include "core/host/proc.h"
#include "core/remote/memory.h"
#include "core/remote/objects.h"
#include "core/remote/unwind.h"
#include "tests/unit/test.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void *wait_for_ever(void *byte_to_read_from)
{
	char byte;
	return read(*(int *)byte_to_read_from, &byte, 1) ? byte_to_read_from : NULL;
}

/** A child with a second thread, stopped in a loop of its own; it ends with 7 if continued. */
static pid_t stopped_child(bool with_thread)
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		int ends[2];
		pthread_t thread;
		if (pipe(ends) != 0
		    || (with_thread
			&& pthread_create(&thread, NULL, wait_for_ever, &ends[0]) != 0)) {
			_exit(1);
		}
		raise(SIGSTOP);
		_exit(7);
	}
	REQUIRE(pid > 0 && waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
	return pid;
}

/** Let go of, a thread finds its way back into its stop. */
static void await_stop(pid_t pid)
{
	struct proc_stat stat;
	do {
		REQUIRE(proc_read_stat("", pid, &stat));
	} while (stat.state != 'T' && sched_yield() == 0);
}

static void check_goes_on(pid_t pid)
{
	int status;
	await_stop(pid);
	CHECK_INT(kill(pid, SIGCONT), 0);
	REQUIRE(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status));
	CHECK_INT(WEXITSTATUS(status), 7);
}

static void all_threads_are_seen_and_stay_stopped(void)
{
	struct buffer found = { 0 };
	pid_t pid = stopped_child(true);
	remote_registers_read("", pid, &found);
	if (!found.len) {
		kill(pid, SIGKILL);
		SKIP("ptrace is not permitted here");
	}
	const struct remote_registers *registers = (const void *)found.data;
	REQUIRE(found.len == 2 * sizeof(*registers));
	CHECK_INT(registers[0].tid, pid);
	CHECK(registers[1].tid != pid);
	CHECK(machine_is_in_call(&registers[1].machine));
	CHECK(machine_thread_pointer(&registers[0].machine)
	      != machine_thread_pointer(&registers[1].machine));
	check_goes_on(pid);
	buffer_done(&found);
}

static void a_process_that_is_gone_has_none(void)
{
	struct buffer found = { 0 };
	pid_t pid = fork();
	if (pid == 0) {
		_exit(0);
	}
	REQUIRE(waitpid(pid, NULL, 0) == pid);
	remote_registers_read("", pid, &found);
	CHECK_INT(found.len, 0);
}

/** Its program is ours: what is at the instruction can be compared. */
static void the_instruction_is_in_an_object(void)
{
	static struct native_place places[REMOTE_FRAMES_MAX];
	struct buffer found = { 0 };
	struct remote_objects objects;
	char path[64];
	bool is_whole;
	pid_t pid = stopped_child(false);
	remote_registers_read("", pid, &found);
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	int fd = open(path, O_RDONLY);
	struct remote_memory *memory = remote_memory_new(fd);
	REQUIRE(fd >= 0 && memory && found.len);
	REQUIRE(remote_objects_read("", pid, memory, &objects));
	const struct remote_registers *registers = (const void *)found.data;
	size_t count = remote_unwind(memory, &objects, &registers->machine, places, &is_whole);
	REQUIRE(count >= 1);
	CHECK_INT(places[0].address, machine_ip(&registers->machine));
	REQUIRE(places[0].object);
	CHECK(places[0].address >= places[0].object->start);
	CHECK(places[0].address < places[0].object->end);
	const struct remote_object *ours =
		remote_object_at(&objects, (uintptr_t)the_instruction_is_in_an_object);
	REQUIRE(ours);
	CHECK(strstr(remote_object_path(&objects, ours), "registers"));
	unsigned char code[16];
	CHECK(remote_bytes(memory, (uintptr_t)wait_for_ever, code, sizeof(code)));
	CHECK_BYTES(code, (const void *)(uintptr_t)wait_for_ever, sizeof(code));
	CHECK(!remote_bytes(memory, 16, code, sizeof(code)));
	CHECK(!remote_bytes(memory, UINT64_MAX - 4, code, sizeof(code)));
	check_goes_on(pid);
	remote_objects_done(&objects);
	free(memory);
	close(fd);
	buffer_done(&found);
}

int main(void)
{
	RUN(all_threads_are_seen_and_stay_stopped);
	RUN(a_process_that_is_gone_has_none);
	RUN(the_instruction_is_in_an_object);
	return test_done();
}
