// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* The hash of this project: 64-bit multiply-and-fold. For tables, never for integrity. */
#ifndef CORE_BASE_HASH_H
#define CORE_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** Fold the 128-bit product of two words: every input bit reaches every output bit. */
static inline uint64_t hash_mix(uint64_t a, uint64_t b)
{
	__uint128_t product = (__uint128_t)(a ^ 0x9e3779b97f4a7c15u) * (b ^ 0xe7037ed1a0b428dbu);
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/**
 * The next digit of a hash, which is taken as a fraction in that base: which of so many ways to go
 * in a trie. After some 60 bits' worth, digits of two hashes need not differ any more.
 */
static inline unsigned hash_digit(uint64_t *hash, unsigned base)
{
	__uint128_t product = (__uint128_t)*hash * base;
	*hash = (uint64_t)product;
	return (unsigned)(product >> 64);
}

/** Hash len bytes. The same on every machine of the same byte order. */
static inline uint64_t hash_bytes(const void *data, size_t len)
{
	const unsigned char *bytes = data;
	uint64_t hash = len;
	while (len >= 8) {
		uint64_t word;
		memcpy(&word, bytes, 8);
		hash = hash_mix(hash, word);
		bytes += 8;
		len -= 8;
	}
	uint64_t tail = 0;
	memcpy(&tail, bytes, len);
	return hash_mix(hash, tail);
}

#endif
