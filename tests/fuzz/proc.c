// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Texts of /proc: a process chooses its own name, which stands in the middle of them. */
#include "core/host/proc.h"

#include "tests/fuzz/fuzz.h"

static const char *const seeds[] = {
	"12 (a (b) c) S 1 12 12 0 -1 4194304 99 0 0 0 7 3 0 0 20 0 1 0 123456 9000 300 "
	"18446744073709551615 1 1 0 0 0 0 0 4096 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
	"Name:\tcat\nState:\tR (running)\nTgid:\t7\nPid:\t7\nPPid:\t1\nUid:\t0\t0\t0\t0\n"
	"VmHWM:\t  1104 kB\nRssAnon:\t      92 kB\nRssFile:\t    1012 kB\nRssShmem:\t     0 kB\n"
	"Threads:\t1\nSigPnd:\t0000000000000000\nShdPnd:\t0000000000000800\n",
};

void fuzz_one(const uint8_t *bytes, size_t len)
{
	struct proc_stat stat;
	char *text = malloc(len + 1);
	memcpy(text, bytes, len);
	text[len] = '\0';
	if (proc_parse_stat(text, &stat) && !memchr(stat.name, '\0', sizeof(stat.name))) {
		abort();
	}
	proc_parse_memory(text);
	proc_parse_signals(text, "ShdPnd:");
	free(text);
}

size_t fuzz_seed(unsigned number, uint8_t *bytes)
{
	if (number >= sizeof(seeds) / sizeof(seeds[0])) {
		return 0;
	}
	memcpy(bytes, seeds[number], strlen(seeds[number]));
	return strlen(seeds[number]);
}
