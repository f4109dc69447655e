// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Reserves 1 GiB of which 200 MiB are used at most, and makes no allocation meanwhile. With an
 * argument it says its process number and waits there to be killed, else it gives most of that
 * back, and ends.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)

int main(int argc, char **argv)
{
	(void)argv;
	char *p = mmap(NULL, 1024 * MIB, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED) {
		return 1;
	}
	/* Pages of the usual size, so that their number is known. */
	madvise(p, 1024 * MIB, MADV_NOHUGEPAGE);
	memset(p + 100 * MIB, 1, 200 * MIB);
	if (argc > 1) {
		char number[16];
		int len = snprintf(number, sizeof(number), "%d\n", (int)getpid());
		(void)!write(STDOUT_FILENO, number, (size_t)len);
		for (;;) {
			pause();
		}
	}
	if (madvise(p + 100 * MIB, 150 * MIB, MADV_DONTNEED) != 0) {
		return 1;
	}
	/* Not all that is left: 40 MiB stay, also where more is reserved. */
	if (munmap(p + 290 * MIB, 734 * MIB) != 0) {
		return 1;
	}
	return mremap(p, 290 * MIB, 512 * MIB, MREMAP_MAYMOVE) == MAP_FAILED ? 1 : 0;
}
