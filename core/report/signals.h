// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Names of Linux's signals, from our own table: libcs differ, and a capture may come from
   elsewhere. */
#ifndef CORE_REPORT_SIGNALS_H
#define CORE_REPORT_SIGNALS_H

#include <stdint.h>

struct signal_name {
	char text[24];
};

/** "SIGKILL", "SIGRTMIN+3", or "signal 99" for a number that is none. */
struct signal_name signal_name(int32_t signal);

#endif
