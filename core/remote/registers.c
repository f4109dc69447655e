// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/remote/registers.h"

#include "core/host/proc.h"

#include <elf.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

/* include/uapi/linux/ptrace.h; musl's header has the requests, not all of the events. */
#ifndef PTRACE_EVENT_STOP
#define PTRACE_EVENT_STOP 128
#endif
#ifndef NT_ARM_SYSTEM_CALL
#define NT_ARM_SYSTEM_CALL 0x404
#endif

/** A thread that waits for a disk does not stop: it is given up after so many looks, or all are. */
#define LOOKS_MAX 200
#define LOOKS_IN_ALL_MAX 2000
#define LOOK_NS 500000
#define TRACER_STACK_BYTES ((size_t)64 << 10)

struct reading {
	const char *proc_root;
	pid_t pid;
	struct buffer *registers;
	int looks;
};

/**
 * Wait until a traced thread has stopped; ret_signal is one that it was about to be given. Ends are
 * not taken: they are for whoever waits for the process.
 */
static bool await_stop(struct reading *reading, pid_t tid, int *ret_signal)
{
	for (int i = 0; i < LOOKS_MAX && reading->looks < LOOKS_IN_ALL_MAX; i++) {
		siginfo_t info = { 0 };
		int result = waitid(P_PID, (id_t)tid, &info, WSTOPPED | WNOHANG | __WALL);
		if (result == 0 && info.si_pid == tid) {
			bool is_event = info.si_status >> 8 == PTRACE_EVENT_STOP;
			*ret_signal = is_event ? 0 : info.si_status & 0x7f;
			return true;
		}
		if (result < 0 && errno != EINTR) {
			return false;
		}
		reading->looks++;
		nanosleep(&(struct timespec){ 0, LOOK_NS }, NULL);
	}
	return false;
}

static bool read_set(pid_t tid, int set, void *to, size_t len)
{
	struct iovec place = { to, len };
	return ptrace(PTRACE_GETREGSET, tid, (void *)(long)set, &place) == 0;
}

static bool read_registers(pid_t tid, struct machine_registers *to)
{
	return read_set(tid, NT_PRSTATUS, &to->user, sizeof(to->user))
#if defined(__aarch64__)
		&& read_set(tid, NT_ARM_TLS, &to->tls, sizeof(to->tls))
		&& read_set(tid, NT_ARM_SYSTEM_CALL, &to->system_call, sizeof(to->system_call))
#endif
		;
}

static bool read_thread(pid_t tid, void *data)
{
	struct reading *reading = data;
	struct remote_registers registers = { .tid = tid };
	int signal;
	/* Seized and not attached: it gets no signal from us, and goes back to its stop. */
	if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) < 0) {
		return errno == ESRCH;
	}
	ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
	if (await_stop(reading, tid, &signal)) {
		if (read_registers(tid, &registers.machine)) {
			buffer_append(reading->registers, &registers, sizeof(registers));
		}
		ptrace(PTRACE_DETACH, tid, NULL, (void *)(long)signal);
	}
	return reading->registers->len < REMOTE_THREADS_MAX * sizeof(registers);
}

static void *trace(void *data)
{
	struct reading *reading = data;
	proc_each_thread(reading->proc_root, reading->pid, read_thread, reading);
	return NULL;
}

void remote_registers_read(const char *proc_root, pid_t pid, struct buffer *registers)
{
	struct reading reading = { proc_root, pid, registers, 0 };
	pthread_attr_t attributes;
	pthread_t tracer;
	if (pthread_attr_init(&attributes) != 0) {
		return;
	}
	pthread_attr_setstacksize(&attributes, TRACER_STACK_BYTES);
	if (pthread_create(&tracer, &attributes, trace, &reading) == 0) {
		pthread_join(tracer, NULL);
	}
	pthread_attr_destroy(&attributes);
}
