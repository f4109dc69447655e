// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/report/signals.h"

#include "core/base/attributes.h"

#include <stdio.h>

/* signal(7), "Standard signals", the column of x86 and ARM. */
static const char *const names[] = {
	[1] = "SIGHUP",	  [2] = "SIGINT",    [3] = "SIGQUIT",	[4] = "SIGILL",	   [5] = "SIGTRAP",
	[6] = "SIGABRT",  [7] = "SIGBUS",    [8] = "SIGFPE",	[9] = "SIGKILL",   [10] = "SIGUSR1",
	[11] = "SIGSEGV", [12] = "SIGUSR2",  [13] = "SIGPIPE",	[14] = "SIGALRM",  [15] = "SIGTERM",
	[16] = "SIGSTKFLT", [17] = "SIGCHLD", [18] = "SIGCONT", [19] = "SIGSTOP",  [20] = "SIGTSTP",
	[21] = "SIGTTIN", [22] = "SIGTTOU",  [23] = "SIGURG",	[24] = "SIGXCPU",  [25] = "SIGXFSZ",
	[26] = "SIGVTALRM", [27] = "SIGPROF", [28] = "SIGWINCH", [29] = "SIGIO",   [30] = "SIGPWR",
	[31] = "SIGSYS",
};

/* signal(7), "Real-time signals": as glibc counts them; it keeps 32 and 33 for itself. */
#define RT_FIRST 32
#define RT_MIN 34
#define RT_MAX 64

struct signal_name signal_name(int32_t signal)
{
	struct signal_name name;
	if (signal > 0 && signal < (int32_t)countof(names)) {
		snprintf(name.text, sizeof(name.text), "%s", names[signal]);
	} else if (signal == RT_MIN) {
		snprintf(name.text, sizeof(name.text), "SIGRTMIN");
	} else if (signal == RT_MAX) {
		snprintf(name.text, sizeof(name.text), "SIGRTMAX");
	} else if (signal > RT_MIN && signal < RT_MAX) {
		snprintf(name.text, sizeof(name.text), "SIGRTMIN+%d", (int)signal - RT_MIN);
	} else if (signal >= RT_FIRST && signal < RT_MIN) {
		snprintf(name.text, sizeof(name.text), "SIG%d", (int)signal);
	} else {
		snprintf(name.text, sizeof(name.text), "signal %d", (int)signal);
	}
	return name;
}
