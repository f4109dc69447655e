// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* A program without Python: blocks of 64 KiB from malloc, each written; 1 MiB in each step. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK_BYTES = 64 << 10, BLOCKS_OF_A_STEP = 16 };

/* For the compiler: these blocks are wanted. */
static void *volatile latest;

static void take_a_step(void)
{
	for (int i = 0; i < BLOCKS_OF_A_STEP; i++) {
		void *block = malloc(BLOCK_BYTES);
		if (block == NULL) {
			_exit(2);
		}
		latest = memset(block, 'x', BLOCK_BYTES);
	}
}

/* The file and the last step, as steps.py says. */
int main(void)
{
	int counters = open(getenv("FIL_OOM_STEPS"), O_WRONLY);
	uint64_t stop = strtoull(getenv("FIL_OOM_STOP"), NULL, 10);

	for (uint64_t step = 1; step <= stop; step++) {
		take_a_step();
		if (pwrite(counters, &step, sizeof(step), 0) != sizeof(step)) {
			return 1;
		}
	}
	return 0;
}
