// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The fuzzer: mutates inputs, keeps those that reach new code.
 *
 * The compiler calls __sanitizer_cov_trace_pc at every edge of the code under test; each hashes to
 * a byte of a map. An input that touches a byte that none has touched joins the corpus. The random
 * numbers have a fixed seed: N runs are the same N runs every time. The input of the current run
 * lies in a file, so that it is there after a crash.
 */
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define UNTRACED __attribute__((no_sanitize_coverage))
#define MAP_BYTES (1u << 16)
#define CORPUS_MAX 4096

struct input {
	uint8_t *bytes;
	size_t len;
};

/** What a crash leaves behind: a file, mapped. */
struct current {
	uint8_t bytes[FUZZ_MAX_BYTES];
	size_t len;
};

static struct {
	uint8_t touched[MAP_BYTES];
	uint8_t known[MAP_BYTES];
	uintptr_t previous_edge;
	struct input corpus[CORPUS_MAX];
	size_t corpus_count;
	uint64_t random;
	struct current *current;
	int current_fd;
} fuzzer = { .random = 0x9E3779B97F4A7C15u };

__attribute__((weak)) size_t fuzz_seed(unsigned number, uint8_t *bytes)
{
	(void)number, (void)bytes;
	return 0;
}

void __sanitizer_cov_trace_pc(void);

UNTRACED void __sanitizer_cov_trace_pc(void)
{
	uintptr_t here = (uintptr_t)__builtin_return_address(0);
	fuzzer.touched[(here ^ fuzzer.previous_edge) * 0x9E3779B97F4A7C15u >> 48] = 1;
	fuzzer.previous_edge = here >> 1;
}

/* xorshift64*, of Vigna, "An experimental exploration of Marsaglia's xorshift generators" */
UNTRACED static uint64_t random_below(uint64_t limit)
{
	fuzzer.random ^= fuzzer.random >> 12;
	fuzzer.random ^= fuzzer.random << 25;
	fuzzer.random ^= fuzzer.random >> 27;
	return (fuzzer.random * 0x2545F4914F6CDD1Du >> 11) % limit;
}

UNTRACED static bool reached_new_code(void)
{
	bool is_new = false;
	for (size_t i = 0; i < MAP_BYTES; i++) {
		is_new |= fuzzer.touched[i] > fuzzer.known[i];
		fuzzer.known[i] |= fuzzer.touched[i];
	}
	return is_new;
}

UNTRACED static bool run(const uint8_t *bytes, size_t len)
{
	uint8_t *exact = malloc(len ? len : 1);
	memcpy(exact, bytes, len);
	memset(fuzzer.touched, 0, sizeof(fuzzer.touched));
	fuzzer.previous_edge = 0;
	fuzz_one(exact, len);
	free(exact);
	return reached_new_code();
}

UNTRACED static void keep(const uint8_t *bytes, size_t len)
{
	if (fuzzer.corpus_count < CORPUS_MAX) {
		uint8_t *copy = malloc(len ? len : 1);
		memcpy(copy, bytes, len);
		fuzzer.corpus[fuzzer.corpus_count++] = (struct input){ copy, len };
	}
}

/** Overwrite a few bytes with a number that parsers get wrong, in either byte order. */
UNTRACED static void put_number(uint8_t *bytes, size_t len)
{
	static const uint64_t numbers[] = { 0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF,
					    0x80000000, 0xFFFFFFFF, INT64_MAX, UINT64_MAX };
	uint64_t number = numbers[random_below(sizeof(numbers) / sizeof(numbers[0]))];
	size_t width = (size_t)1 << random_below(4);
	if (width <= len) {
		memcpy(bytes + random_below(len - width + 1), &number, width);
	}
}

/** Move a part of the input to another place of it, over what is there or between. */
UNTRACED static size_t move_part(uint8_t *bytes, size_t len)
{
	size_t from = random_below(len), part = 1 + random_below(len - from);
	size_t to = random_below(len);
	if (random_below(2) && part <= FUZZ_MAX_BYTES - len) {
		memmove(bytes + to + part, bytes + to, len - to);
		return len + part;
	}
	memmove(bytes + to, bytes + from, part < len - to ? part : len - to);
	return len;
}

UNTRACED static size_t mutate_once(uint8_t *bytes, size_t len)
{
	if (len == 0) {
		bytes[0] = (uint8_t)random_below(256);
		return 1;
	}
	size_t at = random_below(len);
	switch (random_below(7)) {
	case 0:
		bytes[at] ^= (uint8_t)(1u << random_below(8));
		return len;
	case 1:
		bytes[at] = (uint8_t)random_below(256);
		return len;
	case 2:
		bytes[at] += (uint8_t)(random_below(33) - 16);
		return len;
	case 3:
		put_number(bytes, len);
		return len;
	case 4:
		return at;
	case 5: {
		size_t part = 1 + random_below(len - at);
		memmove(bytes + at, bytes + at + part, len - at - part);
		return len - part;
	}
	default:
		return move_part(bytes, len);
	}
}

/** Some input of the corpus, mutated a few times, becomes the current one. */
UNTRACED static void make_next(void)
{
	struct current *next = fuzzer.current;
	const struct input *parent = &fuzzer.corpus[random_below(fuzzer.corpus_count)];
	next->len = parent->len;
	memcpy(next->bytes, parent->bytes, parent->len);
	for (uint64_t i = 1 + random_below(8); i; i--) {
		next->len = mutate_once(next->bytes, next->len);
	}
}

static bool read_current(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, fuzzer.current->bytes, FUZZ_MAX_BYTES);
	if (len < 0) {
		perror(path);
		return false;
	}
	close(fd);
	fuzzer.current->len = (size_t)len;
	return true;
}

static bool prepare(const char *current_path)
{
	fuzzer.current_fd = open(current_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fuzzer.current_fd < 0 || ftruncate(fuzzer.current_fd, sizeof(struct current)) != 0) {
		perror(current_path);
		return false;
	}
	fuzzer.current = mmap(NULL, sizeof(struct current), PROT_READ | PROT_WRITE, MAP_SHARED,
			      fuzzer.current_fd, 0);
	return fuzzer.current != MAP_FAILED;
}

/** Run what the driver gives to start from; an empty input if it gives nothing. */
static void run_seeds(void)
{
	size_t len;
	for (unsigned i = 0; (len = fuzz_seed(i, fuzzer.current->bytes)) > 0; i++) {
		fuzzer.current->len = len;
		run(fuzzer.current->bytes, len);
		keep(fuzzer.current->bytes, len);
	}
	if (fuzzer.corpus_count == 0) {
		keep((const uint8_t *)"", 0);
	}
}

static int replay(int count, char **paths)
{
	for (int i = 0; i < count; i++) {
		if (!read_current(paths[i])) {
			return 1;
		}
		run(fuzzer.current->bytes, fuzzer.current->len);
		printf("%s: survived\n", paths[i]);
	}
	return 0;
}

int main(int argc, char **argv)
{
	char current_path[4096];
	snprintf(current_path, sizeof(current_path), "%s.current", argv[0]);
	if (argc < 2 || !prepare(current_path)) {
		fprintf(stderr, "usage: %s RUNS | FILE...\n", argv[0]);
		return 2;
	}
	char *end;
	unsigned long long runs = strtoull(argv[1], &end, 10);
	if (*end) {
		return replay(argc - 1, argv + 1);
	}
	run_seeds();
	size_t seeds = fuzzer.corpus_count;
	for (unsigned long long i = 0; i < runs; i++) {
		make_next();
		if (run(fuzzer.current->bytes, fuzzer.current->len)) {
			keep(fuzzer.current->bytes, fuzzer.current->len);
		}
	}
	printf("%llu runs, %zu inputs to start from, %zu kept\n", runs, seeds,
	       fuzzer.corpus_count - seeds);
	unlink(current_path);
	for (size_t i = 0; i < fuzzer.corpus_count; i++) {
		free(fuzzer.corpus[i].bytes);
	}
	return runs > 0 ? 0 : 1;
}
