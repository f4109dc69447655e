// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/library.h"

#include "core/base/attributes.h"
#include "core/profile/builder.h"
#include "tests/unit/test.h"

static bool has(const char *module, const char *source, uint32_t line, uint32_t flags)
{
	struct builder builder;
	builder_init(&builder);
	builder_process(&builder, &(struct profile_process){
		.pid = 1, .executable = builder_text(&builder, "./server") });
	struct profile_frame frame = {
		.file = builder_text(&builder, source),
		.line = line,
		.flags = flags,
	};
	if (module) {
		frame.module = builder_module(&builder, builder_text(&builder, module), 0) + 1;
	}
	bool result = library_has_frame(builder.profile, &frame);
	builder_done(&builder);
	return result;
}

static void python_is_told_by_the_file(void)
{
	CHECK(has(NULL, "/v/site-packages/a.py", 1, 0));
	CHECK(has(NULL, "<frozen importlib._bootstrap>", 1, 0));
	CHECK(has(NULL, "/usr/lib/python3.11/json/decoder.py", 1, 0));
	CHECK(!has(NULL, "/home/me/lib/pythonista/a.py", 1, 0));
	CHECK(!has(NULL, "<ipython-input-1>", 1, 0));
}

static void machine_code_is_told_by_its_module(void)
{
	CHECK(has("/lib/x86_64-linux-gnu/libc.so.6", "./malloc/malloc.c", 3, FRAME_NATIVE));
	CHECK(has("/usr/lib/x86_64-linux-gnu/libz.so.1", "libz.so.1", 0, FRAME_NATIVE));
	CHECK(has("/v/lib/python3.11/site-packages/pandas/parser.so", "a.c", 3, FRAME_NATIVE));
	CHECK(has("/home/me/.pyenv/versions/3.12.1/bin/python3.12", "a.c", 3, FRAME_NATIVE));
	CHECK(has("/opt/python/lib/libpython3.12.so.1.0", "", 0, FRAME_NATIVE | FRAME_LABEL));
	CHECK(has("linux-vdso.so.1", "", 0, FRAME_NATIVE | FRAME_LABEL));
	CHECK(has(NULL, "", 0, FRAME_NATIVE | FRAME_LABEL));
	CHECK(!has("/home/me/job/build/fast.so", "/home/me/job/fast.c", 3, FRAME_NATIVE));
	CHECK(!has("/usr/local/lib/libours.so", "", 0, FRAME_NATIVE | FRAME_LABEL));
	/* The program that was run, wherever it is installed. */
	CHECK(!has("/usr/sbin/server", "src/main.c", 3, FRAME_NATIVE));
}

static void headers_of_the_system_are_nobodys_own(void)
{
	CHECK(has("/home/me/job/server", "/usr/include/c++/12/bits/vector.tcc", 3, FRAME_NATIVE));
	CHECK(!has("/home/me/job/server", "/usr/local/src/job/a.c", 3, FRAME_NATIVE));
	CHECK(has("/home/me/job/server", "/rustc/5980/library/alloc/src/vec.rs", 3, FRAME_NATIVE));
	CHECK(has("/home/me/job/server", "/home/me/.cargo/registry/src/x/a.rs", 3, FRAME_NATIVE));
}

static void who_passes_requests_on_is_told_by_the_name(void)
{
	static const char *const yes[] = {
		"malloc", "zmalloc_usable", "xcalloc", "MemoryContextAlloc", "ngx_palloc",
		"sqlite3Malloc", "ngx_memalign", "g_realloc_n", "xstrdup", "Pool::alloc",
	};
	static const char *const no[] = { "", "main", "alloc_chapter", "allocation_report", "dup" };
	for (size_t i = 0; i < countof(yes); i++) {
		CHECK(library_is_allocator(yes[i]));
	}
	for (size_t i = 0; i < countof(no); i++) {
		CHECK(!library_is_allocator(no[i]));
	}
}

static void allocators_are_told_by_how_they_begin(void)
{
	static const char *const yes[] = {
		"malloc", "operator new", "je_malloc_default", "_rjem_mallocx", "mi_heap_malloc",
		"_mi_malloc_generic", "__rust_alloc", "__rustc::__rust_alloc_zeroed",
	};
	static const char *const no[] = { "", "main", "malloc_statistics", "xmalloc", "min_" };
	for (size_t i = 0; i < countof(yes); i++) {
		CHECK(library_begins_allocator(yes[i]));
	}
	for (size_t i = 0; i < countof(no); i++) {
		CHECK(!library_begins_allocator(no[i]));
	}
}

int main(void)
{
	RUN(allocators_are_told_by_how_they_begin);
	RUN(who_passes_requests_on_is_told_by_the_name);
	RUN(python_is_told_by_the_file);
	RUN(machine_code_is_told_by_its_module);
	RUN(headers_of_the_system_are_nobodys_own);
	return test_done();
}
