// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The registers of all threads of a process that is stopped by a signal, by ptrace. Stopped they
 * stay. A thread of our own traces them for as long as that takes: when it ends, the kernel lets go
 * of whatever it could not.
 */
#ifndef CORE_REMOTE_REGISTERS_H
#define CORE_REMOTE_REGISTERS_H

#include "core/host/buffer.h"
#include "core/remote/machine.h"

#include <sys/types.h>

/** More threads than this are not looked at. */
#define REMOTE_THREADS_MAX 1024u

struct remote_registers {
	pid_t tid;
	struct machine_registers machine;
};

/**
 * Append a struct remote_registers for each thread that could be read: none if ptrace is not
 * permitted. The caller is the parent of the process, or may trace it for another reason.
 */
void remote_registers_read(const char *proc_root, pid_t pid, struct buffer *registers);

#endif
