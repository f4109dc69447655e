// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#ifndef CORE_HOOK_SIGNAL_H
#define CORE_HOOK_SIGNAL_H

/** Take SIGUSR2 if nobody has it. From the constructor. */
void signal_start(void);

#endif
