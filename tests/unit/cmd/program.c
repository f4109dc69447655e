// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/program.h"
#include "tests/unit/test.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Every file of these tests is made in the test's own folder. */
static void put(const char *name, mode_t mode, const void *bytes, size_t len)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	REQUIRE(fd >= 0 && write(fd, bytes, len) == (ssize_t)len && close(fd) == 0);
	REQUIRE(chmod(name, mode) == 0);
}

#define PUT_TEXT(name, mode, text) put(name, mode, text, sizeof(text) - 1)

static const struct machine tool = {ELFCLASS64, ELFDATA2LSB, EM_X86_64};

/* The smallest program that the checks accept: a header, an interpreter that exists. */
struct program {
	Elf64_Ehdr header;
	Elf64_Phdr interpreter;
	char loader[16];
};

static struct program dynamic_program(void)
{
	struct program program = {
		.header = {.e_type = ET_DYN,
			   .e_machine = EM_X86_64,
			   .e_phoff = offsetof(struct program, interpreter),
			   .e_phentsize = sizeof(Elf64_Phdr),
			   .e_phnum = 1},
		.interpreter = {.p_type = PT_INTERP,
				.p_offset = offsetof(struct program, loader),
				.p_filesz = sizeof(program.loader)},
		.loader = "/",
	};

	memcpy(program.header.e_ident, ELFMAG, SELFMAG);
	program.header.e_ident[EI_CLASS] = ELFCLASS64;
	program.header.e_ident[EI_DATA] = ELFDATA2LSB;
	return program;
}

static struct refusal refusal;

static int check(const char *path)
{
	memset(&refusal, 0, sizeof(refusal));
	return program_check(path, tool, &refusal);
}

/* Writes the program as "prog" and checks it. */
static int check_program(const struct program *program)
{
	put("prog", 0700, program, sizeof(*program));
	return check("./prog");
}

static void dynamic_programs_are_taken(void)
{
	struct program program = dynamic_program();

	CHECK_INT(check_program(&program), 0);
	program.header.e_type = ET_EXEC;
	CHECK_INT(check_program(&program), 0);
}

static void static_programs_are_refused(void)
{
	struct program program = dynamic_program();

	program.interpreter.p_type = PT_LOAD;
	CHECK_INT(check_program(&program), -1);
	CHECK_INT(refusal.status, 125);
	CHECK(strstr(refusal.message, "./prog is statically linked"));
	put("ld-linux-x86-64.so.2", 0700, &program, sizeof(program));
	CHECK_INT(check("./ld-linux-x86-64.so.2"), 0);
}

static void other_machines_are_refused(void)
{
	struct program program = dynamic_program();

	program.header.e_machine = EM_AARCH64;
	CHECK_INT(check_program(&program), -1);
	CHECK_INT(refusal.status, 125);
	CHECK(strstr(refusal.message, "for aarch64 (64 bits)"));
	program.header.e_machine = EM_X86_64;
	program.header.e_ident[EI_CLASS] = ELFCLASS32;
	CHECK_INT(check_program(&program), -1);
	CHECK(strstr(refusal.message, "for x86-64 (32 bits)"));
}

static void programs_that_gain_rights_are_refused(void)
{
	struct program program = dynamic_program();

	put("rights", 0700, &program, sizeof(program));
	/* Of one's own file there is nothing to gain. */
	REQUIRE(chmod("rights", 06755) == 0);
	CHECK_INT(check("./rights"), 0);
	if (chown("rights", 65534, 65534) != 0) {
		/* Only root can make it another's. */
		return;
	}
	REQUIRE(chmod("rights", 04755) == 0);
	CHECK_INT(check("./rights"), -1);
	CHECK_STR(refusal.message, "./rights is setuid: the system keeps every profiler out of it");
	REQUIRE(chmod("rights", 02755) == 0);
	CHECK_INT(check("./rights"), -1);
	CHECK(strstr(refusal.message, "is setgid"));
	/* Without the right to execute for the group, the bit is about locking. */
	REQUIRE(chmod("rights", 02745) == 0);
	CHECK_INT(check("./rights"), 0);
}

static void nobody_gains_rights_who_has_given_that_up(void)
{
	struct program program = dynamic_program();

	put("rights", 0700, &program, sizeof(program));
	if (chown("rights", 65534, 65534) != 0 || chmod("rights", 04755) != 0) {
		return;
	}
	REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	CHECK_INT(check("./rights"), 0);
}

static void damaged_programs_are_refused(void)
{
	struct program program = dynamic_program();

	put("damaged", 0700, &program, sizeof(Elf64_Ehdr) - 1);
	CHECK_INT(check("./damaged"), -1);
	CHECK_INT(refusal.status, 126);
	put("damaged", 0700, &program, sizeof(Elf64_Ehdr) + 10);
	CHECK_INT(check("./damaged"), -1);
	program.header.e_phnum = 65535;
	CHECK_INT(check_program(&program), -1);
	program = dynamic_program();
	program.header.e_phoff = UINT64_MAX - 3;
	CHECK_INT(check_program(&program), -1);
	program = dynamic_program();
	program.header.e_phentsize = 1;
	CHECK_INT(check_program(&program), -1);
	program = dynamic_program();
	program.header.e_type = ET_REL;
	CHECK_INT(check_program(&program), -1);
	CHECK(strstr(refusal.message, "object file"));
}

static void a_missing_loader_is_named(void)
{
	struct program program = dynamic_program();

	strcpy(program.loader, "/no/ld-musl.so");
	CHECK_INT(check_program(&program), -1);
	CHECK_INT(refusal.status, 127);
	CHECK_STR(refusal.message, "./prog needs the loader /no/ld-musl.so, which does not exist");
}

static void scripts_are_followed(void)
{
	struct program program = dynamic_program();

	put("interpreter", 0700, &program, sizeof(program));
	PUT_TEXT("one", 0700, "#!./interpreter\n");
	PUT_TEXT("two", 0700, "#! \t./one  -x y \t\nrest");
	CHECK_INT(check("./two"), 0);
	program.interpreter.p_type = PT_NULL;
	put("interpreter", 0700, &program, sizeof(program));
	CHECK_INT(check("./two"), -1);
	CHECK(strstr(refusal.message, "./interpreter is statically linked"));
	PUT_TEXT("turn", 0700, "#!./round\n");
	PUT_TEXT("round", 0700, "#!./turn\n");
	CHECK_INT(check("./round"), -1);
	CHECK_INT(refusal.status, 126);
}

static void interpreters_that_are_missing_are_named(void)
{
	PUT_TEXT("script", 0700, "#!/no/python -u\n");
	CHECK_INT(check("./script"), -1);
	CHECK_INT(refusal.status, 127);
	CHECK_STR(refusal.message,
		  "./script begins with \"#!/no/python -u\", and /no/python does not exist");
	PUT_TEXT("script", 0700, "#!./folderless\r\n");
	CHECK_INT(check("./script"), -1);
	CHECK(strstr(refusal.advice, "DOS"));
	PUT_TEXT("data", 0600, "");
	PUT_TEXT("script", 0700, "#!./data\n");
	CHECK_INT(check("./script"), -1);
	CHECK_INT(refusal.status, 126);
	PUT_TEXT("script", 0700, "#!  \n");
	CHECK_INT(check("./script"), -1);
	CHECK_STR(refusal.message, "./script has a #! line that names no program");
}

static void env_is_looked_through(void)
{
	struct program program = dynamic_program();

	REQUIRE(setenv("PATH", "bin", 1) == 0);
	REQUIRE(mkdir("bin", 0700) == 0);
	put("bin/env", 0700, &program, sizeof(program));
	put("bin/python9", 0700, &program, sizeof(program));
	PUT_TEXT("script", 0700, "#!bin/env python9\n");
	CHECK_INT(check("./script"), 0);
	PUT_TEXT("script", 0700, "#!bin/env -S A=1 python9 -u\n");
	CHECK_INT(check("./script"), 0);
	PUT_TEXT("script", 0700, "#!bin/env -S A=1 python8 -u\n");
	CHECK_INT(check("./script"), -1);
	CHECK_INT(refusal.status, 127);
	CHECK(strstr(refusal.message, "there is no program python8 on PATH"));
	/* Without -S env gets one argument. */
	PUT_TEXT("script", 0700, "#!bin/env python9 -u\n");
	CHECK_INT(check("./script"), -1);
	CHECK(strstr(refusal.message, "no program python9 -u on PATH"));
	PUT_TEXT("script", 0700, "#!bin/env --unknown\n");
	CHECK_INT(check("./script"), 0);
}

static void other_files_are_refused(void)
{
	PUT_TEXT("text", 0700, "hello");
	CHECK_INT(check("./text"), -1);
	CHECK_INT(refusal.status, 126);
	PUT_TEXT("text", 0700, "#");
	CHECK_INT(check("./text"), -1);
	PUT_TEXT("text", 0700, "");
	CHECK_INT(check("./text"), -1);
	CHECK_STR(refusal.message, "./text is empty");
}

static const char *find(const char *name, const char *path)
{
	static char *found;

	free(found);
	found = program_find(name, path);
	return found ? found : strerror(errno);
}

static void path_is_searched_as_execvp_does(void)
{
	REQUIRE(mkdir("a", 0700) == 0 && mkdir("b", 0700) == 0 && mkdir("a/dir", 0700) == 0);
	PUT_TEXT("a/tool", 0600, "");
	PUT_TEXT("b/tool", 0700, "");
	PUT_TEXT("here", 0700, "");
	PUT_TEXT("a/locked", 0600, "");
	CHECK_STR(find("tool", "a:b"), "b/tool");
	CHECK_STR(find("tool", "none:b:a"), "b/tool");
	CHECK_STR(find("locked", "a:b"), strerror(EACCES));
	CHECK_STR(find("dir", "a:b"), strerror(ENOENT));
	CHECK_STR(find("nothing", "a:b"), strerror(ENOENT));
	CHECK_STR(find("here", "a::b"), "here");
	CHECK_STR(find("here", "a:"), "here");
	CHECK_STR(find("here", ""), "here");
	CHECK_STR(find("here", "a"), strerror(ENOENT));
	CHECK_STR(find("", "a"), strerror(ENOENT));
	CHECK_STR(find("b/tool", "a"), "b/tool");
	CHECK_STR(find("a/tool", "a"), strerror(EACCES));
	CHECK_STR(find("a/dir", "a"), strerror(EISDIR));
	CHECK_STR(find("a/tool/x", "a"), strerror(ENOTDIR));
	CHECK(*find("sh", NULL) == '/');
}

int main(void)
{
	RUN(dynamic_programs_are_taken);
	RUN(static_programs_are_refused);
	RUN(other_machines_are_refused);
	RUN(programs_that_gain_rights_are_refused);
	RUN(damaged_programs_are_refused);
	RUN(a_missing_loader_is_named);
	RUN(scripts_are_followed);
	RUN(interpreters_that_are_missing_are_named);
	RUN(env_is_looked_through);
	RUN(other_files_are_refused);
	RUN(path_is_searched_as_execvp_does);
	/* The last: that cannot be taken back. */
	RUN(nobody_gains_rights_who_has_given_that_up);
	return test_done();
}
