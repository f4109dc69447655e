// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Calls every function that allocates or maps, and asks the hook after each by how much what is
 * live has changed. Exit status: the number of answers that were wrong. Without the hook: 99.
 */
// build: -ldl -Wno-alloc-size-larger-than
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LIVE_BYTES 2

static long (*control)(unsigned operation, void *argument);
static int wrong;

static long live(void)
{
	return control(LIVE_BYTES, NULL);
}

/** Run a statement that must change what is live by so many bytes. */
#define EXPECT(change, statement) \
	do { \
		long before = live(); \
		statement; \
		long got = live() - before; \
		if (got != (long)(change)) { \
			fprintf(stderr, "line %d: %ld bytes, not %ld: %s\n", __LINE__, got, \
				(long)(change), #statement); \
			wrong++; \
		} \
	} while (0)

/* Keep the compiler from joining or dropping what it thinks is unused. */
static void *volatile p;
static void *volatile q;

static void the_malloc_family(void)
{
	EXPECT(1000, p = malloc(1000));
	EXPECT(2000, p = realloc(p, 3000));
	EXPECT(-2999, p = realloc(p, 1));
	EXPECT(-1, free(p));
	EXPECT(0, free(NULL));
	EXPECT(600, p = calloc(20, 30));
	EXPECT(600, p = reallocarray(p, 40, 30));
	EXPECT(-1200, free(p));
	EXPECT(77, p = realloc(NULL, 77));
	EXPECT(-77, free(p));
	void *aligned = NULL;
	EXPECT(500, if (posix_memalign(&aligned, 256, 500)) abort());
	EXPECT(-500, free(aligned));
	EXPECT(512, p = aligned_alloc(128, 512));
	EXPECT(-512, free(p));
	EXPECT(0, p = malloc(0));
	EXPECT(0, free(p));
	EXPECT(1, p = malloc(1));
	EXPECT(7, q = strdup("sevenc"));
	EXPECT(-1, free(p));
	EXPECT(-7, free(q));
}

static void refused_allocations(void)
{
	EXPECT(100, p = malloc(100));
	EXPECT(0, q = realloc(p, SIZE_MAX / 2 - 4096));
	if (q) {
		wrong++;
	}
	errno = 0;
	EXPECT(0, q = malloc(SIZE_MAX / 2 - 4096));
	if (errno != ENOMEM) {
		fprintf(stderr, "errno is %d\n", errno);
		wrong++;
	}
	EXPECT(0, q = calloc(SIZE_MAX / 2, 3));
	EXPECT(0, q = reallocarray(p, SIZE_MAX / 2, 3));
	EXPECT(0, q = mmap(NULL, SIZE_MAX / 2 - 4096, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	if (q != MAP_FAILED) {
		wrong++;
	}
	EXPECT(-100, free(p));
}

static void large_blocks(void)
{
	const long mib = 1 << 20;
	EXPECT(300 * mib + 5, p = malloc(300 * mib + 5));
	EXPECT(127 * mib, q = malloc(127 * mib));
	EXPECT(-50 * mib - 5, p = realloc(p, 250 * mib));
	EXPECT(-127 * mib, free(q));
	EXPECT(-250 * mib, free(p));
}

static void mappings(void)
{
	const long page = sysconf(_SC_PAGESIZE);
	const int rw = PROT_READ | PROT_WRITE;
	char *m = NULL;
	EXPECT(16 * page, m = mmap(NULL, 16 * page, rw, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	EXPECT(-2 * page, munmap(m + 4 * page, 2 * page));
	EXPECT(0, munmap(m + 4 * page, 2 * page));
	EXPECT(0, munmap(m + 100, 2 * page)); /* refused */
	EXPECT(0, munmap(m, 0));
	EXPECT(2 * page, mmap(m + 4 * page, 2 * page, rw,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	EXPECT(0, mmap(m + 3 * page, 4 * page, rw, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	EXPECT(-page, mprotect(m + 5 * page, page, PROT_NONE));
	EXPECT(0, mprotect(m + 5 * page, page, PROT_NONE));
	EXPECT(page, mprotect(m, 16 * page, rw));
	EXPECT(0, mprotect(m, 16 * page, PROT_READ));
	EXPECT(-16 * page, munmap(m, 16 * page));

	/* Reserved, then used piece by piece, as node and Go do. */
	EXPECT(0, m = mmap(NULL, 1024 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	EXPECT(8 * page, mprotect(m + 100 * page, 8 * page, rw));
	EXPECT(-8 * page, munmap(m, 1024 * page));

	EXPECT(4 * page, m = mmap(NULL, 4 * page, rw, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	EXPECT(-4 * page, munmap(m, 4 * page));

	EXPECT(4 * page, m = mmap(NULL, 4 * page - 5, rw, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	EXPECT(28 * page, m = mremap(m, 4 * page, 32 * page, MREMAP_MAYMOVE));
	EXPECT(-30 * page, m = mremap(m, 32 * page, 2 * page, 0));
	EXPECT(0, q = mremap(m, 2 * page, SIZE_MAX / 2 - 4096, MREMAP_MAYMOVE));
	wrong += q != MAP_FAILED;
	EXPECT(-2 * page, munmap(m, 2 * page));
}

static void files_are_no_heap(void)
{
	const long page = sysconf(_SC_PAGESIZE);
	char path[] = "/tmp/fil-test-XXXXXX";
	int fd = mkstemp(path);
	char *m = NULL;
	if (fd < 0 || ftruncate(fd, 8 * page)) {
		abort();
	}
	unlink(path);
	EXPECT(0, m = mmap(NULL, 8 * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	EXPECT(0, munmap(m, 8 * page));
	/* A file over part of an anonymous mapping takes that part off. */
	EXPECT(8 * page, m = mmap(NULL, 8 * page, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	EXPECT(-3 * page, mmap(m + page, 3 * page, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0));
	EXPECT(-5 * page, munmap(m, 8 * page));
	close(fd);
}

static void the_break(void)
{
	const long page = sysconf(_SC_PAGESIZE);
	char *end = sbrk(0);
	EXPECT(4 * page, if (sbrk(4 * page) == (void *)-1) abort());
	EXPECT(-4 * page, if (brk(end)) abort());
}

int main(void)
{
	control = (long (*)(unsigned, void *))dlsym(RTLD_DEFAULT, "fil_control");
	if (!control || live() < 0) {
		return 99;
	}
	/* Streams allocate their buffers when they are first used. */
	fprintf(stderr, "counting\n");
	the_malloc_family();
	refused_allocations();
	large_blocks();
	mappings();
	files_are_no_heap();
	if (getenv("WITH_BREAK")) {
		the_break();
	}
	fprintf(stderr, "%d wrong\n", wrong);
	return wrong;
}
