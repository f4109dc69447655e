// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Programs and a library that are compiled here, named like those that matter. */
#include "cmd/operators.h"

#include "core/elf/file.h"
#include "tests/unit/test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static const char *in_folder(const char *name)
{
	static char path[128];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

/** Run shell commands in the folder. */
static void shell(const char *commands)
{
	char line[1024];
	snprintf(line, sizeof(line), "cd %s && { %s; }", folder, commands);
	REQUIRE(system(line) == 0);
}

static void preloaded_allocators_are_told_by_their_name(void)
{
	CHECK(operators_are_wanted("/nonexistent", "/usr/lib/libjemalloc.so.2"));
	CHECK(operators_are_wanted("/nonexistent", "liba.so:libtcmalloc_minimal.so.4"));
	CHECK(operators_are_wanted("/nonexistent", "/opt/mimalloc/lib.so liba.so"));
	CHECK(!operators_are_wanted("/nonexistent", "libasan.so"));
	CHECK(!operators_are_wanted("/nonexistent", NULL));
}

static void linked_ones_are_told_by_the_program(void)
{
	shell("echo 'int f(void) { return 0; }' >f.c && echo 'int f(void); int main() {"
	      " return f(); }' >main.c && gcc -shared -fPIC f.c -Wl,-soname,libjemalloc.so.9 -o"
	      " libjemalloc.so && gcc main.c ./libjemalloc.so -o with && gcc main.c f.c -o without"
	      " && echo '#!/bin/sh' >script");
	CHECK(operators_are_wanted(in_folder("with"), NULL));
	CHECK(!operators_are_wanted(in_folder("without"), NULL));
	CHECK(!operators_are_wanted(in_folder("script"), NULL));
}

static bool defines(const void *image, size_t bytes, const char *name)
{
	struct elf_file file;
	int fd = memfd_create("image", MFD_CLOEXEC);
	REQUIRE(fd >= 0 && write(fd, image, bytes) == (ssize_t)bytes);
	REQUIRE(elf_file_open(&file, fd) == 0);
	bool found = elf_file_defines(&file, name);
	close(fd);
	return found;
}

static void what_is_hidden_is_not_defined(void)
{
	static unsigned char image[1 << 17];
	shell("echo 'int _Znwm, _ZdaPvm, malloc, _ZN3foo; int f(void) { return _Znwm; }' >h.c &&"
	      " gcc -w -fno-builtin -shared -fPIC -nostdlib h.c -o h.so");
	int fd = open(in_folder("h.so"), O_RDONLY);
	ssize_t len = read(fd, image, sizeof(image));
	REQUIRE(len > 0 && len < (ssize_t)sizeof(image));
	close(fd);
	unsigned char *hidden = operators_hide(image, (size_t)len);
	REQUIRE(hidden);
	static const char *const names[] = { "_Znwm", "_ZdaPvm" };
	for (size_t i = 0; i < 2; i++) {
		CHECK(defines(image, (size_t)len, names[i]));
		CHECK(!defines(hidden, (size_t)len, names[i]));
	}
	CHECK(defines(hidden, (size_t)len, "malloc") && defines(hidden, (size_t)len, "_ZN3foo"));
	free(hidden);
	errno = 0;
	CHECK(!operators_hide("no image at all", 15));
	CHECK_INT(errno, EINVAL);
}

int main(void)
{
	snprintf(folder, sizeof(folder), "/tmp/fil-operators-XXXXXX");
	REQUIRE(mkdtemp(folder));
	RUN(preloaded_allocators_are_told_by_their_name);
	RUN(linked_ones_are_told_by_the_program);
	RUN(what_is_hidden_is_not_defined);
	shell("rm -rf \"$PWD\"");
	return test_done();
}
