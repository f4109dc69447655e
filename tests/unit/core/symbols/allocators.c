// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Libraries that have an allocator in them, or only speak of one, compiled and stripped. */
#include "core/symbols/allocators.h"

#include "core/base/allocators.h"
#include "tests/unit/test.h"

#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

/** Compile a source to a library and do something to it; what is found in it. */
static uint32_t found_in(const char *source, const char *then)
{
	char command[1024], path[96];
	snprintf(path, sizeof(path), "%s/a.so", folder);
	snprintf(command, sizeof(command),
		 "cd %s && printf '%%s' '%s' | gcc -O1 -fPIC -shared -nostdlib -Wl,--build-id=none "
		 "-x c - -o a.so && %s", folder, source, then);
	REQUIRE(system(command) == 0);
	return allocators_find(&(struct symbols_request){
		.path = path,
		.build_id = "",
		.places = { .root = "", .without_servers = true },
	});
}

#define USED(declaration) "__attribute__((used)) " declaration

static void functions_tell_it(void)
{
	CHECK_INT(found_in(USED("static int _rjem_je_pages_map(int a) { return a * 7; }"), ":"),
		  ALLOCATORS_READ | ALLOCATORS_JEMALLOC);
	CHECK_INT(found_in(USED("int _mi_os_alloc(int a) { return a; }")
			   USED("int _Z20TCMalloc_SystemAllocmPmm(int a) { return a; }"), ":"),
		  ALLOCATORS_READ | ALLOCATORS_MIMALLOC | ALLOCATORS_TCMALLOC);
}

static void texts_tell_it_of_what_is_stripped(void)
{
	static const char jemalloc[] =
		USED("static int je_pages_map(int a) { return a * 7; }")
		USED("static const char text[] = \"<jemalloc>: Error in munmap(): %s\";");
	static const char mimalloc[] =
		USED("static const char text[] = \"mimalloc: error: %s\";");
	CHECK_INT(found_in(jemalloc, "strip a.so"), ALLOCATORS_READ | ALLOCATORS_JEMALLOC);
	CHECK_INT(found_in(mimalloc, "strip a.so"), ALLOCATORS_READ | ALLOCATORS_MIMALLOC);
}

static void others_have_none(void)
{
	/* It calls one that is elsewhere; it has the text where a program writes. */
	CHECK_INT(found_in("int _mi_os_alloc(int); int f(int a) { return _mi_os_alloc(a); }", ":"),
		  ALLOCATORS_READ);
	CHECK_INT(found_in("char text[] = \"<jemalloc>: \";", ":"), ALLOCATORS_READ);
}

static void what_cannot_be_read_is_not_known(void)
{
	CHECK_INT(found_in("int x;", "rm a.so"), 0);
	CHECK_INT(found_in("int x;", "printf garbage > a.so"), 0);
}

int main(void)
{
	char command[96];
	snprintf(folder, sizeof(folder), "/tmp/fil-allocators-XXXXXX");
	REQUIRE(mkdtemp(folder));
	RUN(functions_tell_it);
	RUN(texts_tell_it_of_what_is_stripped);
	RUN(others_have_none);
	RUN(what_cannot_be_read_is_not_known);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command) == 0 ? test_done() : 1;
}
