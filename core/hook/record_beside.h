// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Recording beside other threads: in the calling thread's ledger, while those are open
 * (ledgers.h). What is more than usual is left to record.c, which closes them.
 */
#ifndef CORE_HOOK_RECORD_BESIDE_H
#define CORE_HOOK_RECORD_BESIDE_H

#include "core/hook/hook.h"
#include "core/hook/record.h"

/** As record_allocation, inside an operation of the thread. False: nothing was done. */
bool record_beside_add(struct thread *self, struct stack_frames frames, uintptr_t address,
		       uint64_t bytes);

/** As record_take: *taken is what was known. False: nothing was done. */
bool record_beside_take(struct thread *self, uintptr_t address, struct record_block *taken);

#endif
