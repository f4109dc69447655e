// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * A C++ program is compiled, stripped, split and compressed in all the ways there are, and read
 * each time; addr2line says what is right. What there is no tool for is left out.
 */
#include "core/symbols/resolve.h"

#include "core/symbols/demangle.h"
#include "core/symbols/object.h"
#include "core/symbols/shorten.h"
#include "tests/unit/test.h"

#include <gelf.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#define SAMPLES 500u

static const char source[] =
	"#include <algorithm>\n"
	"#include <map>\n"
	"#include <numeric>\n"
	"#include <string>\n"
	"#include <vector>\n"
	"namespace deep {\n"
	"template<int N> struct R { static int f(int x) { return R<N - 1>::f(x * 3 + N) + 1; } };\n"
	"template<> struct R<0> { static int f(int x) { return x; } };\n"
	"struct S {\n"
	"	std::vector<std::string> v;\n"
	"	void add(const std::string &s) { v.push_back(s); }\n"
	"	virtual int q(int a) { return a * 2; }\n"
	"};\n"
	"}\n"
	"typedef std::pair<int, std::string> Pair;\n"
	"static bool less(const Pair &a, const Pair &b)\n"
	"{ return a.second < b.second; }\n"
	"extern \"C\" __attribute__((noinline)) int c_function(int x) { return x * 7; }\n"
	"int main(int c, char **v) {\n"
	"	deep::S s;\n"
	"	std::map<int, std::string> m;\n"
	"	for (int i = 0; i < 1000 * c; i++) {\n"
	"		m[i * 7 % 13] = std::to_string(i);\n"
	"		s.add(m[i % 13]);\n"
	"	}\n"
	"	std::vector<Pair> p(m.begin(), m.end());\n"
	"	std::sort(p.begin(), p.end(), less);\n"
	"	std::sort(s.v.begin(), s.v.end());\n"
	"	std::vector<int> g(100);\n"
	"	std::iota(g.begin(), g.end(), deep::R<20>::f(c));\n"
	"	return c_function(g.back()) + s.q(3) + (int)s.v.size();\n"
	"}\n";

/** Where everything is made. */
static char folder[64];
static struct {
	uint64_t addresses[SAMPLES];
	uint32_t count;
	char build_id[2 * BUILD_ID_BYTES_MAX + 1];
	/** What is found in the program as it was compiled. */
	char *answer;
} plain;

/** Run shell commands in the folder; false if one fails, or there is no such tool. */
static bool shell(const char *commands)
{
	char line[2048];
	snprintf(line, sizeof(line), "cd %s && { %s; } >log 2>&1", folder, commands);
	return system(line) == 0;
}

static const char *in_folder(const char *name)
{
	static char path[2][128];
	static unsigned turn;
	char *to = path[turn++ % 2];
	snprintf(to, sizeof(path[0]), "%s/%s", folder, name);
	return to;
}

static struct symbols resolve(const char *name, const char *build_id, const char *symbols)
{
	const char *folders[] = { symbols };
	struct symbols_request request = {
		.path = in_folder(name),
		.build_id = build_id,
		.places = { .root = "", .folders = folders, .folder_count = symbols ? 1 : 0 },
		.addresses = plain.addresses,
		.count = plain.count,
	};
	struct symbols result;
	REQUIRE(symbols_resolve(&request, &result) == 0);
	return result;
}

/** All of it as text; the caller's to free. */
static char *text_of(const struct symbols *symbols, bool with_files)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	REQUIRE(out);
	for (uint32_t i = 0; i < plain.count; i++) {
		fprintf(out, "0x%" PRIx64 "\n", plain.addresses[i]);
		for (uint32_t k = symbols->first[i]; k < symbols->first[i + 1]; k++) {
			const struct symbol_frame *frame = &symbols->frames[k];
			const char *slash = strrchr(frame->file, '/');
			fprintf(out, "%s %s:%" PRIu32 "\n", frame->function,
				with_files ? frame->file : slash ? slash + 1 : frame->file,
				frame->line);
		}
	}
	fclose(out);
	return text;
}

/** A program in the folder has all that the one has that it was made of. */
static void check_same(const char *name, const char *symbols)
{
	struct symbols found = resolve(name, plain.build_id, symbols);
	char *text = text_of(&found, true);
	CHECK_INT(found.state, SYMBOLS_FULL);
	if (strcmp(text, plain.answer) != 0) {
		test_fail(__FILE__, __LINE__, "%s is not read as what it was made of", name);
	}
	test_state.checks++;
	free(text);
	symbols_done(&found);
}

static bool find_text(const struct object *object, uint64_t *ret_start, uint64_t *ret_size)
{
	Elf_Scn *section = NULL;
	size_t names;
	elf_getshdrstrndx(object->elf, &names);
	while ((section = elf_nextscn(object->elf, section))) {
		GElf_Shdr header;
		gelf_getshdr(section, &header);
		if (strcmp(elf_strptr(object->elf, names, header.sh_name), ".text") == 0) {
			*ret_start = header.sh_addr;
			*ret_size = header.sh_size;
			return true;
		}
	}
	return false;
}

/** Compile the program, spread addresses over its code, and read them. */
static bool prepare(void)
{
	uint64_t start, size;
	snprintf(folder, sizeof(folder), "/tmp/fil-unit-symbols-XXXXXX");
	REQUIRE(mkdtemp(folder));
	FILE *file = fopen(in_folder("sample.cc"), "w");
	REQUIRE(file && fputs(source, file) >= 0 && fclose(file) == 0);
	if (!shell("g++ -O2 -g -Wl,--build-id=sha1 -o plain sample.cc")) {
		return false;
	}
	struct object *object = object_open(in_folder("plain"));
	REQUIRE(object && find_text(object, &start, &size));
	memcpy(plain.build_id, object->build_id, sizeof(plain.build_id));
	object_close(object);
	for (plain.count = 0; plain.count < SAMPLES; plain.count++) {
		plain.addresses[plain.count] = start + plain.count * size / SAMPLES;
	}
	struct symbols found = resolve("plain", plain.build_id, NULL);
	CHECK_INT(found.state, SYMBOLS_FULL);
	plain.answer = text_of(&found, true);
	symbols_done(&found);
	return true;
}

/* ---- against addr2line ---- */

/** "function file:line" of a frame that addr2line has printed in two lines; false if not known. */
static bool write_their_frame(FILE *out, char *function, char *place)
{
	char *name;
	char *slash;
	place[strcspn(place, " \n")] = '\0';
	function[strcspn(function, "\n")] = '\0';
	slash = strrchr(place, '/');
	name = demangle(function);
	shorten_name(name);
	fprintf(out, "%s %s\n", name, slash ? slash + 1 : place);
	free(name);
	return !strchr(place, '?') && strcmp(strrchr(place, ':'), ":0") != 0;
}

/** The frames of the next address, innermost first; NULL if addr2line does not know them all. */
static char *their_frames(FILE *lines)
{
	static char function[1 << 16], place[1 << 16];
	bool is_known = true;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	REQUIRE(out);
	for (int c; (c = fgetc(lines)) != EOF;) {
		ungetc(c, lines);
		if (c == '0' || !fgets(function, sizeof(function), lines)
		    || !fgets(place, sizeof(place), lines)) {
			break;
		}
		is_known = write_their_frame(out, function, place) && is_known;
	}
	fclose(out);
	if (!is_known) {
		free(text);
		return NULL;
	}
	return text;
}

static char *our_frames(const struct symbols *found, uint32_t i)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	REQUIRE(out);
	for (uint32_t k = found->first[i + 1]; k-- > found->first[i];) {
		const struct symbol_frame *frame = &found->frames[k];
		const char *slash = strrchr(frame->file, '/');
		fprintf(out, "%s %s:%" PRIu32 "\n", frame->function,
			slash ? slash + 1 : frame->file, frame->line);
	}
	fclose(out);
	return text;
}

static void says_what_addr2line_says(void)
{
	char line[64];
	unsigned compared = 0;
	FILE *list = fopen(in_folder("addresses"), "w");
	REQUIRE(list);
	for (uint32_t i = 0; i < plain.count; i++) {
		fprintf(list, "0x%" PRIx64 "\n", plain.addresses[i]);
	}
	fclose(list);
	struct symbols found = resolve("plain", plain.build_id, NULL);
	FILE *lines = shell("addr2line -afie plain <addresses >lines")
		? fopen(in_folder("lines"), "r")
		: NULL;
	for (uint32_t i = 0; lines && i < plain.count; i++) {
		REQUIRE(fgets(line, sizeof(line), lines));
		CHECK_INT(strtoull(line, NULL, 16), plain.addresses[i]);
		char *theirs = their_frames(lines);
		char *ours = our_frames(&found, i);
		/* Between two functions there is none; addr2line names the one before. */
		if (theirs && ours[0] != ' ') {
			CHECK_STR(ours, theirs);
			compared++;
		}
		free(theirs);
		free(ours);
	}
	if (lines) {
		CHECK(compared > SAMPLES * 9 / 10);
		fclose(lines);
	}
	symbols_done(&found);
}

/* ---- the ways to keep debug information ---- */

static void reads_compressed_sections(void)
{
	if (shell("cp plain zlib && objcopy --compress-debug-sections=zlib zlib")) {
		check_same("zlib", NULL);
	}
	if (shell("cp plain gnu && objcopy --compress-debug-sections=zlib-gnu gnu")) {
		check_same("gnu", NULL);
	}
	if (shell("cp plain zstd && objcopy --compress-debug-sections=zstd zstd")) {
		check_same("zstd", NULL);
	}
}

static void reads_what_dwz_has_moved(void)
{
	if (shell("cp plain dwz1 && cp plain dwz2 && dwz -m dwz.common dwz1 dwz2")) {
		check_same("dwz1", NULL);
	}
}

static void reads_split_units(void)
{
	char build_id[sizeof(plain.build_id)];
	if (!shell("g++ -O2 -g -gsplit-dwarf -Wl,--build-id=sha1 -o split sample.cc")) {
		return;
	}
	struct object *object = object_open(in_folder("split"));
	REQUIRE(object);
	snprintf(build_id, sizeof(build_id), "%s", object->build_id);
	object_close(object);
	struct symbols found = resolve("split", build_id, NULL);
	char *text = text_of(&found, true);
	CHECK_INT(found.state, SYMBOLS_FULL);
	CHECK_STR(text, plain.answer);
	free(text);
	symbols_done(&found);
}

static void finds_split_debug_files(void)
{
	char commands[512];
	const char *id = plain.build_id;
	REQUIRE(shell("objcopy --only-keep-debug plain bare.debug && strip -o bare plain"));
	REQUIRE(shell("mkdir .debug linked && cp bare.debug .debug/linked.debug && cp bare linked"
		      " && objcopy --add-gnu-debuglink=.debug/linked.debug linked/bare"
		      " && mv linked/bare beside"));
	check_same("beside", NULL);
	snprintf(commands, sizeof(commands),
		 "mkdir -p ids/.build-id/%.2s && cp bare.debug ids/.build-id/%.2s/%s.debug", id, id,
		 id + 2);
	REQUIRE(shell(commands));
	check_same("bare", in_folder("ids"));
	REQUIRE(shell("mkdir -p below/a/b && cp bare.debug below/a/b/anything"));
	check_same("bare", in_folder("below"));
	/* Also where the program itself is not. */
	check_same("nowhere", in_folder("below"));
	REQUIRE(shell("mkdir same && cp plain same/moved"));
	check_same("elsewhere/moved", in_folder("same"));
}

/** What is known of a program: its state, and whether that names every third address at least. */
static void check_names(const char *name, enum symbols_state state, bool has_names)
{
	struct symbols found = resolve(name, plain.build_id, NULL);
	CHECK_INT(found.state, state);
	/* Where a program begins is known without a name. */
	CHECK(has_names ? found.frame_count > plain.count / 3 : found.frame_count < 5);
	for (uint32_t k = 0; k < found.frame_count; k++) {
		CHECK_STR(found.frames[k].file, "");
		CHECK_INT(found.frames[k].line, 0);
		CHECK(found.frames[k].function[0]);
	}
	symbols_done(&found);
}

/** Without any symbol a program still begins somewhere. */
static void check_stripped(void)
{
	struct symbols found = resolve("stripped", plain.build_id, NULL);
	CHECK_INT(found.state, SYMBOLS_NAMES);
	CHECK(found.is_program);
	for (uint32_t k = 0; k < found.frame_count; k++) {
		CHECK_STR(found.frames[k].function, "_start");
	}
	symbols_done(&found);
	if (shell("gcc -shared -Wl,-soname,libx.so -o libx.so -x c /dev/null"
		  " -Wl,--build-id=none")) {
		found = resolve("libx.so", "", NULL);
		CHECK_INT(found.state, SYMBOLS_NAMES);
		CHECK(!found.is_program);
		symbols_done(&found);
	}
}

static void names_alone_are_better_than_nothing(void)
{
	REQUIRE(shell("strip -g -o names plain && strip -o stripped plain"));
	check_names("names", SYMBOLS_NAMES, true);
	check_stripped();
	if (shell("objcopy --add-section .gnu_debugdata=/dev/null stripped mini &&"
		  " strip -g -o symbols plain && xz -c symbols >symbols.xz &&"
		  " objcopy --update-section .gnu_debugdata=symbols.xz mini")) {
		check_names("mini", SYMBOLS_NAMES, true);
	}
}

static void another_build_is_not_believed(void)
{
	struct symbols found = resolve("plain", "0123456789abcdef0123456789abcdef01234567", NULL);
	CHECK_INT(found.state, SYMBOLS_OTHER_FILE);
	CHECK_INT(found.frame_count, 0);
	symbols_done(&found);
	found = resolve("plain", "", NULL);
	CHECK_INT(found.state, SYMBOLS_OTHER_FILE);
	symbols_done(&found);
	found = resolve("no-such-file", plain.build_id, NULL);
	CHECK_INT(found.state, SYMBOLS_NO_FILE);
	CHECK_INT(found.frame_count, 0);
	symbols_done(&found);
	REQUIRE(shell("echo 'no program' >text && mkfifo fifo"));
	found = resolve("text", plain.build_id, NULL);
	CHECK_INT(found.state, SYMBOLS_OTHER_FILE);
	symbols_done(&found);
	found = resolve("fifo", plain.build_id, in_folder("."));
	CHECK_INT(found.state, SYMBOLS_FULL);
	symbols_done(&found);
}

/* ---- debuginfod ---- */

/** Be a debuginfod-find that runs these commands. */
static void install_debuginfod(const char *commands)
{
	char script[512], path[512];
	snprintf(script, sizeof(script), "mkdir -p bin && printf '#!/bin/sh\\n%s\\n' "
		 ">bin/debuginfod-find && chmod +x bin/debuginfod-find", commands);
	REQUIRE(shell(script));
	snprintf(path, sizeof(path), "%s:%s", in_folder("bin"), getenv("PATH"));
	setenv("PATH", path, 1);
}

static void debuginfod_is_asked_if_the_user_wants(void)
{
	char commands[256];
	REQUIRE(shell("strip -o asked plain && objcopy --only-keep-debug plain kept"));
	snprintf(commands, sizeof(commands), "[ \"$*\" = \"debuginfo %s\" ] && echo %s",
		 plain.build_id, in_folder("kept"));
	install_debuginfod(commands);
	unsetenv("DEBUGINFOD_URLS");
	check_names("asked", SYMBOLS_NAMES, false);
	setenv("DEBUGINFOD_URLS", "https://debuginfod.example.org", 1);
	check_same("asked", NULL);
	install_debuginfod("exit 1");
	check_names("asked", SYMBOLS_NAMES, false);
	install_debuginfod("echo /nonexistent");
	check_names("asked", SYMBOLS_NAMES, false);
}

static void a_reader_that_dies_leaves_no_names(void)
{
	/* Its parent is the reader. */
	install_debuginfod("kill -9 $PPID");
	check_names("asked", SYMBOLS_READER_DIED, false);
	unsetenv("DEBUGINFOD_URLS");
}

/* ---- the answer of a child that died, or lies ---- */

static struct symbols parsed(const void *bytes, size_t len, uint32_t count)
{
	struct symbols symbols;
	char *copy = malloc(len + 1);
	REQUIRE(copy);
	memcpy(copy, bytes, len);
	REQUIRE(symbols_parse(copy, len, count, &symbols) == 0);
	return symbols;
}

/** State full, a program, then for two addresses: one frame "f" in "g":7, none. */
static const char answer[] =
	"\1\0\0\0" "\1\0\0\0" "\1\0\0\0" "\7\0\0\0" "\1\0\0\0" "\1\0\0\0" "f\0" "g\0" "\0\0\0";

static void an_answer_counts_as_far_as_it_goes(void)
{
	struct symbols symbols = parsed(answer, sizeof(answer), 2);
	CHECK_INT(symbols.state, SYMBOLS_FULL);
	CHECK(symbols.is_program);
	CHECK_INT(symbols.first[1], 1);
	CHECK_INT(symbols.first[2], 1);
	CHECK_STR(symbols.frames[0].function, "f");
	CHECK_STR(symbols.frames[0].file, "g");
	CHECK_INT(symbols.frames[0].line, 7);
	symbols_done(&symbols);
	for (size_t len = 0; len < sizeof(answer); len++) {
		symbols = parsed(answer, len, 2);
		CHECK_INT(symbols.state, SYMBOLS_READER_DIED);
		CHECK_INT(symbols.frame_count, len < 28 ? 0 : 1);
		CHECK_INT(symbols.first[2], symbols.frame_count);
		symbols_done(&symbols);
	}
}

static void an_answer_that_lies_is_refused(void)
{
	/* Where a byte makes it wrong, and which: state, program, count, line, lengths. */
	static const struct {
		size_t at;
		char byte;
	} lies[] = {
		{ 0, 99 }, { 4, 2 }, { 11, 1 }, { 15, -1 }, { 16, 0 }, { 17, 1 }, { 23, 127 },
		{ 24, 0 },
	};
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		char changed[sizeof(answer)];
		memcpy(changed, answer, sizeof(answer));
		changed[lies[i].at] = lies[i].byte;
		struct symbols symbols = parsed(changed, sizeof(changed), 2);
		CHECK_INT(symbols.state, SYMBOLS_READER_DIED);
		CHECK_INT(symbols.frame_count, 0);
		symbols_done(&symbols);
	}
}

int main(void)
{
	RUN(an_answer_counts_as_far_as_it_goes);
	RUN(an_answer_that_lies_is_refused);
	if (prepare()) {
		RUN(says_what_addr2line_says);
		RUN(reads_compressed_sections);
		RUN(reads_what_dwz_has_moved);
		RUN(reads_split_units);
		RUN(finds_split_debug_files);
		RUN(names_alone_are_better_than_nothing);
		RUN(another_build_is_not_believed);
		RUN(debuginfod_is_asked_if_the_user_wants);
		RUN(a_reader_that_dies_leaves_no_names);
	}
	free(plain.answer);
	shell("cd / && rm -rf \"$OLDPWD\"");
	return test_done();
}
