// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * What the compiler and our own code take from <string.h>, hidden: the hook is linked with no libc.
 * Compiled without turning these loops into calls of themselves.
 */
#include <stddef.h>
#include <string.h>

void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
	unsigned char *t = to;
	const unsigned char *f = from;
	for (; len >= 8; len -= 8, t += 8, f += 8) {
		__builtin_memcpy(t, f, 8);
	}
	while (len--) {
		*t++ = *f++;
	}
	return to;
}

void *memmove(void *to, const void *from, size_t len)
{
	unsigned char *t = to;
	const unsigned char *f = from;
	if (t <= f || t >= f + len) {
		return memcpy(to, from, len);
	}
	for (; len >= 8; len -= 8) {
		unsigned long word;
		__builtin_memcpy(&word, f + len - 8, 8);
		__builtin_memcpy(t + len - 8, &word, 8);
	}
	while (len--) {
		t[len] = f[len];
	}
	return to;
}

void *memset(void *to, int value, size_t len)
{
	unsigned char *t = to;
	while (len--) {
		*t++ = (unsigned char)value;
	}
	return to;
}

int memcmp(const void *a, const void *b, size_t len)
{
	const unsigned char *x = a;
	const unsigned char *y = b;
	for (size_t i = 0; i < len; i++) {
		if (x[i] != y[i]) {
			return x[i] - y[i];
		}
	}
	return 0;
}

size_t strlen(const char *text)
{
	size_t len = 0;
	while (text[len]) {
		len++;
	}
	return len;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (a[i] != b[i] || !a[i]) {
			return (unsigned char)a[i] - (unsigned char)b[i];
		}
	}
	return 0;
}
