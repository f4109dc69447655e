// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * What moves the number of an allocation from one run of a program to the next, as far as fixed
 * addresses and a fixed hash seed leave anything: cmd writes it down, captures carry it, reports
 * compare it.
 *
 * Only numbers: sizes, counts, and hashes cut to 16 bits, which tell that a text was another one
 * (but for 1 in 65,536) and too little of what it was.
 */
#ifndef CORE_BASE_CONDITIONS_H
#define CORE_BASE_CONDITIONS_H

#include <stdint.h>

/** The rest means something. */
#define CONDITIONS_KNOWN 0x1u
/** Addresses are not random. */
#define CONDITIONS_FIXED_ADDRESSES 0x2u
/** PYTHONHASHSEED is a number. */
#define CONDITIONS_FIXED_SEED 0x4u

struct conditions {
	uint32_t flags;
	/** The words of the command line, hashed. */
	uint32_t command_hash;
	/** PYTHONHASHSEED, hashed; 0 if it is random. */
	uint32_t seed_hash;
	/** The environment: variables, their bytes with "=" and NUL, hashed in their order. */
	uint32_t variables;
	uint32_t variables_bytes;
	uint32_t variables_hash;
	/** Python source files of which a line has allocated, and those that had no bytecode. */
	uint32_t sources;
	uint32_t sources_compiled;
	/** Size and time of the interpreter's file, hashed; 0: not known. */
	uint64_t interpreter;
};

#endif
