// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * What native stacks depend on of the machine: which registers a caller may rely on (those that
 * unwind tables speak of), how to read the calling function's own, and what the kernel leaves on
 * the stack under a signal handler.
 *
 * Numbers of registers: System V ABI for x86-64, table 3.36; DWARF for the Arm 64-bit
 * architecture, table 3.1. Signal frames: struct rt_sigframe of the kernel
 * (arch/x86/include/uapi/asm/sigcontext.h, arch/arm64/kernel/signal.c).
 */
#ifndef CORE_STACK_NATIVE_MACHINE_H
#define CORE_STACK_NATIVE_MACHINE_H

#include "core/base/attributes.h"

#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)

#define NATIVE_REGISTERS 8u
#define NATIVE_FP 1u /* rbp */
#define NATIVE_SP 2u /* rsp */
#define NATIVE_RA 7u /* where the next outer frame goes on */

/** The place of a register in struct native_registers; -1: lost in a call. */
attr_inline int native_place(uint64_t dwarf)
{
	static const int8_t place[] = { -1, -1, -1, 0,  -1, -1, NATIVE_FP, NATIVE_SP, -1,
					-1, -1, -1, 3,	4,  5,	6,	   NATIVE_RA };
	return dwarf < countof(place) ? place[dwarf] : -1;
}

struct native_registers {
	uintptr_t value[NATIVE_REGISTERS];
};

/** The calling function's registers as they are here. NATIVE_RA: the address of the next line. */
attr_inline void native_capture(struct native_registers *ret)
{
	__asm__ volatile("movq %%rbx, 0(%0)\n\t"
			 "movq %%rbp, 8(%0)\n\t"
			 "movq %%rsp, 16(%0)\n\t"
			 "movq %%r12, 24(%0)\n\t"
			 "movq %%r13, 32(%0)\n\t"
			 "movq %%r14, 40(%0)\n\t"
			 "movq %%r15, 48(%0)\n\t"
			 "leaq 0(%%rip), %%rax\n\t"
			 "movq %%rax, 56(%0)"
			 :
			 : "r"(ret->value)
			 : "rax", "memory");
}

/**
 * Where the function that stands here has its caller's frame pointer, with what it returns to in
 * the next word; the words after are its caller's. NULL: this architecture does not say. Not for
 * a call that is the function's last act: the compiler would give up the frame before.
 */
#define native_frame_here() ((const uintptr_t *)__builtin_frame_address(0))

/** Where a signal handler returns to: from there the stack pointer shows the interrupted frame. */
static const uint8_t native_signal_return[] = { 0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05 };

/** From that stack pointer to the register in a place: uc_mcontext.gregs of struct ucontext. */
attr_inline unsigned native_signal_offset(unsigned place)
{
	static const uint8_t index[] = { 11, 10, 15, 4, 5, 6, 7, 16 };
	return 40u + 8u * index[place];
}

/** What a return address looks like without what the processor may have mixed into it. */
attr_inline uintptr_t native_strip(uintptr_t address)
{
	return address;
}

#elif defined(__aarch64__)

#define NATIVE_REGISTERS 13u
#define NATIVE_FP 10u /* x29 */
#define NATIVE_RA 11u /* x30 */
#define NATIVE_SP 12u

attr_inline int native_place(uint64_t dwarf)
{
	if (dwarf >= 19 && dwarf <= 30) {
		return (int)dwarf - 19;
	}
	return dwarf == 31 ? (int)NATIVE_SP : -1;
}

struct native_registers {
	uintptr_t value[NATIVE_REGISTERS];
};

attr_inline void native_capture(struct native_registers *ret)
{
	__asm__ volatile("stp x19, x20, [%0]\n\t"
			 "stp x21, x22, [%0, 16]\n\t"
			 "stp x23, x24, [%0, 32]\n\t"
			 "stp x25, x26, [%0, 48]\n\t"
			 "stp x27, x28, [%0, 64]\n\t"
			 "str x29, [%0, 80]\n\t"
			 "mov x9, sp\n\t"
			 "str x9, [%0, 96]\n\t"
			 "adr x9, .\n\t"
			 "str x9, [%0, 88]"
			 :
			 : "r"(ret->value)
			 : "x9", "memory");
}

/* The frame record lies anywhere in its frame. */
#define native_frame_here() ((const uintptr_t *)NULL)

static const uint8_t native_signal_return[] = { 0x68, 0x11, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4 };

/* siginfo, then struct ucontext up to uc_mcontext.regs; sp and pc follow x30. */
attr_inline unsigned native_signal_offset(unsigned place)
{
	unsigned index = place == NATIVE_SP ? 31u : place == NATIVE_RA ? 32u : 19u + place;
	return 128u + 176u + 8u + 8u * index;
}

/* Pointer authentication codes lie above the 48 bits of a user's address. */
attr_inline uintptr_t native_strip(uintptr_t address)
{
	return address & (((uintptr_t)1 << 48) - 1);
}

#else
#error "native stacks know no registers of this architecture yet"
#endif

#endif
