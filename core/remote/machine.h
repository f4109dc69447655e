// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Registers of a stopped thread, by processor: where PTRACE_GETREGSET puts them (<sys/user.h>) and
 * what libunwind calls them (<libunwind.h>).
 */
#ifndef CORE_REMOTE_MACHINE_H
#define CORE_REMOTE_MACHINE_H

#include <libunwind.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/user.h>

struct machine_registers {
	struct user_regs_struct user;
#if defined(__aarch64__)
	/** NT_ARM_TLS. */
	uint64_t tls;
	/** NT_ARM_SYSTEM_CALL: -1 outside of one. */
	int32_t system_call;
#endif
};

#if defined(__x86_64__)

/** What pthread_self returns there, with every libc. */
static inline uint64_t machine_thread_pointer(const struct machine_registers *registers)
{
	return registers->user.fs_base;
}

/** The thread was in a system call, and not interrupted where it computed. */
static inline bool machine_is_in_call(const struct machine_registers *registers)
{
	return (int64_t)registers->user.orig_rax >= 0;
}

static inline uint64_t machine_ip(const struct machine_registers *registers)
{
	return registers->user.rip;
}

/** The value of one of libunwind's registers; NULL: it is not known. */
static inline const void *machine_register(const struct machine_registers *registers,
					   unw_regnum_t number)
{
	static const size_t offsets[] = {
		[UNW_X86_64_RAX] = offsetof(struct user_regs_struct, rax),
		[UNW_X86_64_RDX] = offsetof(struct user_regs_struct, rdx),
		[UNW_X86_64_RCX] = offsetof(struct user_regs_struct, rcx),
		[UNW_X86_64_RBX] = offsetof(struct user_regs_struct, rbx),
		[UNW_X86_64_RSI] = offsetof(struct user_regs_struct, rsi),
		[UNW_X86_64_RDI] = offsetof(struct user_regs_struct, rdi),
		[UNW_X86_64_RBP] = offsetof(struct user_regs_struct, rbp),
		[UNW_X86_64_RSP] = offsetof(struct user_regs_struct, rsp),
		[UNW_X86_64_R8] = offsetof(struct user_regs_struct, r8),
		[UNW_X86_64_R9] = offsetof(struct user_regs_struct, r9),
		[UNW_X86_64_R10] = offsetof(struct user_regs_struct, r10),
		[UNW_X86_64_R11] = offsetof(struct user_regs_struct, r11),
		[UNW_X86_64_R12] = offsetof(struct user_regs_struct, r12),
		[UNW_X86_64_R13] = offsetof(struct user_regs_struct, r13),
		[UNW_X86_64_R14] = offsetof(struct user_regs_struct, r14),
		[UNW_X86_64_R15] = offsetof(struct user_regs_struct, r15),
		[UNW_X86_64_RIP] = offsetof(struct user_regs_struct, rip),
	};
	return number >= 0 && number <= UNW_X86_64_RIP
		? (const char *)&registers->user + offsets[number]
		: NULL;
}

#elif defined(__aarch64__)

static inline uint64_t machine_thread_pointer(const struct machine_registers *registers)
{
	return registers->tls;
}

static inline bool machine_is_in_call(const struct machine_registers *registers)
{
	return registers->system_call >= 0;
}

static inline uint64_t machine_ip(const struct machine_registers *registers)
{
	return registers->user.pc;
}

static inline const void *machine_register(const struct machine_registers *registers,
					   unw_regnum_t number)
{
	if (number >= UNW_AARCH64_X0 && number <= UNW_AARCH64_X30) {
		return &registers->user.regs[number - UNW_AARCH64_X0];
	}
	if (number == UNW_AARCH64_SP) {
		return &registers->user.sp;
	}
	return number == UNW_AARCH64_PC ? &registers->user.pc : NULL;
}

#endif
#endif
