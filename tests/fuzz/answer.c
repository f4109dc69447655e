// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* What the child process that reads debug information sends: it may have been taken over. */
#include "core/symbols/resolve.h"
#include "tests/fuzz/fuzz.h"

#define ADDRESSES 8u

void fuzz_one(const uint8_t *bytes, size_t len)
{
	struct symbols symbols;
	size_t told = 0;
	char *copy = malloc(len ? len : 1);
	if (!copy) {
		abort();
	}
	memcpy(copy, bytes, len);
	if (symbols_parse(copy, len, ADDRESSES, &symbols) != 0
	    || symbols.state >= SYMBOLS_STATE_COUNT
	    || symbols.first[ADDRESSES] != symbols.frame_count) {
		abort();
	}
	for (uint32_t i = 0; i < symbols.frame_count; i++) {
		told += strlen(symbols.frames[i].function) + strlen(symbols.frames[i].file);
	}
	if (told > len) {
		abort();
	}
	symbols_done(&symbols);
}

size_t fuzz_seed(unsigned number, uint8_t *bytes)
{
	static const char answer[] =
		"\1\0\0\0" "\0\0\0\0" "\1\0\0\0" "\7\0\0\0" "\1\0\0\0" "\1\0\0\0" "f\0" "g\0"
		"\2\0\0\0" "\7\0\0\0" "\0\0\0\0" "\0\0\0\0" "\0" "\0"
		"\7\0\0\0" "\3\0\0\0" "\0\0\0\0" "abc\0" "\0";
	if (number > 0) {
		return 0;
	}
	memcpy(bytes, answer, sizeof(answer));
	return sizeof(answer);
}
