// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* As tests/bench/measured.py: what the program has used, into the file $FIL_BENCH_USED. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/** VmHWM: ru_maxrss begins with what the process was before its exec. */
static inline long peak_kib(void)
{
	char line[256];
	long kib = 0;
	FILE *file = fopen("/proc/self/status", "r");
	while (file && !kib && fgets(line, sizeof(line), file)) {
		kib = strncmp(line, "VmHWM:", 6) == 0 ? atol(line + 6) : 0;
	}
	if (file) {
		fclose(file);
	}
	return kib;
}

static inline void write_used(void)
{
	struct rusage used;
	struct timespec now;
	getrusage(RUSAGE_SELF, &used);
	clock_gettime(CLOCK_MONOTONIC, &now);
	FILE *file = fopen(getenv("FIL_BENCH_USED"), "w");
	if (!file) {
		abort();
	}
	fprintf(file, "%f %f %ld\n",
		(double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec)
			+ (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6,
		(double)now.tv_sec + (double)now.tv_nsec / 1e9, peak_kib());
	fclose(file);
}
