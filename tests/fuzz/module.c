// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Debug information: whatever a program was loaded from is read, in a child process that has
 * bounds, but here without. A small library is compiled to begin with; it takes a compiler.
 */
#include "core/symbols/allocators.h"
#include "core/symbols/module_reader.h"
#include "core/symbols/object.h"
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define ADDRESSES 128u
#define ADDRESS_STEP 24u
/** Where the linker puts the code of a small library. */
#define ADDRESS_FIRST 0x1000u

static void ignore_state(void *context, enum symbols_state state, bool is_program)
{
	(void)context;
	(void)state;
	(void)is_program;
}

/** Read every byte of every text. */
static void touch_frames(void *context, const struct symbol_frame *frames, uint32_t count)
{
	size_t *bytes = context;
	for (uint32_t i = 0; i < count; i++) {
		*bytes += strlen(frames[i].function) + strlen(frames[i].file);
	}
}

void fuzz_one(const uint8_t *bytes, size_t len)
{
	char path[64], build_id[2 * BUILD_ID_BYTES_MAX + 1] = "";
	uint64_t addresses[ADDRESSES];
	size_t told = 0;
	struct module_sink sink = {
		.context = &told, .state = ignore_state, .frames = touch_frames
	};
	int fd = memfd_create("module", MFD_CLOEXEC);
	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len) {
		abort();
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	struct object *object = object_open(path);
	if (object) {
		memcpy(build_id, object->build_id, sizeof(build_id));
		told += allocators_read(object);
		object_close(object);
	}
	for (uint32_t i = 0; i < ADDRESSES; i++) {
		addresses[i] = ADDRESS_FIRST + i * ADDRESS_STEP;
	}
	module_read(&(struct symbols_request){
		.path = path,
		.build_id = build_id,
		.places = { .root = "" },
		.addresses = addresses,
		.count = ADDRESSES,
	}, &sink);
	close(fd);
}

static const char source[] =
	"extern int use(const char *);\n"
	"static inline int add(int a, int b) { return a * b + use(\"x\"); }\n"
	"static inline int twice(int a) { return add(a, 3) + add(a, 4); }\n"
	"struct s { int (*f)(int); struct s *next; };\n"
	"__attribute__((noinline)) static int walk(struct s *s, int n) {\n"
	"	for (; s; s = s->next) { n += s->f(n) + twice(n); }\n"
	"	return n;\n"
	"}\n"
	"int one(struct s *s) { return walk(s, 1) + twice(2); }\n"
	"int two(struct s *s) { return one(s) ? walk(s, 2) : add(1, 2); }\n";

size_t fuzz_seed(unsigned number, uint8_t *bytes)
{
	static const char *const flags[] = {
		"-gdwarf-5", "-gdwarf-4", "-gz=zlib", "-gsplit-dwarf",
	};
	char folder[] = "/tmp/fil-fuzz-module-XXXXXX", command[512], path[64];
	if (number >= sizeof(flags) / sizeof(flags[0]) || !mkdtemp(folder)) {
		return 0;
	}
	snprintf(path, sizeof(path), "%s/a.so", folder);
	snprintf(command, sizeof(command), "cd %s && gcc -g %s -O2 -fPIC -shared -nostdlib -x c -"
		 " -o a.so", folder, flags[number]);
	FILE *compiler = popen(command, "w");
	if (compiler) {
		fputs(source, compiler);
		pclose(compiler);
	}
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? 0 : read(fd, bytes, FUZZ_MAX_BYTES);
	close(fd);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command) == 0 && len > 0 ? (size_t)len : 0;
}
