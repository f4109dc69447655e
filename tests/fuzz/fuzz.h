// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * A fuzz driver: tests/fuzz/NAME.c, linked with the sanitizers' build of the real objects and with
 * fuzzer.c, which feeds it with inputs that it mutates and keeps where they reach new code.
 *
 *	make fuzz              every driver, for some minutes
 *	build/asan/fuzz/NAME FILE…    run those inputs only, such as one that crashed
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Inputs are at most this long. */
#define FUZZ_MAX_BYTES (256 * 1024)

/**
 * Defined by each driver: give the bytes to the code under test. They lie in a heap block of
 * exactly len bytes, so that reading past them is seen. Must leave nothing behind: memory that is
 * not freed is a failure too.
 */
void fuzz_one(const uint8_t *bytes, size_t len);

/**
 * Defined by a driver that can make valid inputs to start from: write input number into bytes (of
 * FUZZ_MAX_BYTES) and return its length, 0 if there is none of that number.
 */
size_t fuzz_seed(unsigned number, uint8_t *bytes);

#endif
