// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Atomics named by their ordering. Every use says in a comment which other access it pairs with,
 * unless it is a statistic that nothing is ordered by (relaxed).
 */
#ifndef CORE_BASE_ATOMIC_H
#define CORE_BASE_ATOMIC_H

#define load_relaxed(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define load_acquire(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define store_relaxed(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define add_relaxed(p, v) __atomic_fetch_add((p), (v), __ATOMIC_RELAXED)
#define exchange_acquire(p, v) __atomic_exchange_n((p), (v), __ATOMIC_ACQUIRE)

/**
 * Store desired if *p equals *expected, else load *p into *expected. Acquire and release on
 * success.
 */
#define cas_acq_rel(p, expected, desired) \
	__atomic_compare_exchange_n((p), (expected), (desired), 0, __ATOMIC_ACQ_REL, \
				    __ATOMIC_ACQUIRE)

/**
 * Keep the compiler from moving stores across this line. A process that is killed stops between two
 * instructions and its stores are then visible in program order, so against a kill (not against
 * another processor) this alone orders them.
 */
#define barrier_compiler() __atomic_signal_fence(__ATOMIC_SEQ_CST)
/** Stores before it are seen before stores after it, by other processors too. */
#define barrier_release() __atomic_thread_fence(__ATOMIC_RELEASE)

/** Tell the processor that this is a spin loop. */
static inline void cpu_relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

#endif
