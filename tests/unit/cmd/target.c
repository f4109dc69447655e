// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/target.h"
#include "cmd/words.h"
#include "tests/unit/test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Any ELF program of this machine will do as a Python. */
static struct machine this_machine(void)
{
	unsigned char header[64];
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	REQUIRE(fd >= 0 && read(fd, header, sizeof(header)) == sizeof(header));
	close(fd);
	return program_machine_of(header);
}

static void put(const char *name, mode_t mode, const char *text)
{
	FILE *out = fopen(name, "w");

	REQUIRE(out && fputs(text, out) >= 0 && fclose(out) == 0 && chmod(name, mode) == 0);
}

static struct refusal refusal;

/* "PROGRAM: ARGV" of a command line, or the refusal. */
static const char *resolve(struct options *options, char *const *words)
{
	static char text[512];
	struct target target;
	char *joined;

	options->words = (char **)words;
	options->word_count = 0;
	while (words[options->word_count]) {
		options->word_count++;
	}
	memset(&refusal, 0, sizeof(refusal));
	if (target_resolve(&target, options, this_machine(), &refusal) != 0) {
		target_done(&target);
		return refusal.message;
	}
	joined = words_join(target.argv);
	snprintf(text, sizeof(text), "%s: %s%s%s", target.program, joined,
		 target.code_text ? " # " : "", target.code_text ? target.code_text : "");
	free(joined);
	target_done(&target);
	return text;
}

#define RESOLVE(option, ...) \
	resolve(&(struct options){.oom_status = -1, option}, (char *const[]){__VA_ARGS__, NULL})
#define NONE .quiet = false

static void scripts_run_under_python(void)
{
	CHECK_STR(RESOLVE(NONE, "job.py", "-x", "a b"), "bin/python3: python3 job.py -x 'a b'");
	CHECK_STR(RESOLVE(NONE, "./job.py"), "bin/python3: python3 ./job.py");
	CHECK_STR(RESOLVE(NONE, "-"), "bin/python3: python3 -");
	CHECK_STR(RESOLVE(NONE, "app.pyz"), "bin/python3: python3 app.pyz");
	CHECK_STR(RESOLVE(NONE, "package"), "bin/python3: python3 package");
	CHECK_STR(RESOLVE(NONE, "./package/"), "bin/python3: python3 ./package/");
}

static void modules_and_code_run_under_python(void)
{
	CHECK_STR(RESOLVE(.module = "json.tool", "x.json"),
		  "bin/python3: python3 -m json.tool x.json");
	CHECK_STR(RESOLVE(.code = "print(1)", "-v"),
		  "bin/python3: python3 -c 'print(1)' -v # print(1)");
}

static void programs_are_found_on_path(void)
{
	CHECK_STR(RESOLVE(NONE, "tool", "job.py"), "bin/tool: tool job.py");
	CHECK_STR(RESOLVE(NONE, "bin/tool"), "bin/tool: bin/tool");
	CHECK_STR(RESOLVE(NONE, "python3", "-c", "x=1"), "bin/python3: python3 -c x=1 # x=1");
	/* A command that is called like a script, and a folder that is called like a command. */
	CHECK_STR(RESOLVE(NONE, "admin.py", "x"), "bin/admin.py: admin.py x");
	CHECK_STR(RESOLVE(NONE, "dual"), "bin/dual: dual");
	CHECK_STR(RESOLVE(NONE, "./dual"), "bin/python3: python3 ./dual");
}

static void the_python_is_chosen(void)
{
	CHECK_STR(RESOLVE(.python = "bin/other", "job.py"), "bin/other: bin/other job.py");
	CHECK_STR(RESOLVE(.python = "other", "job.py"), "bin/other: other job.py");
	REQUIRE(setenv("VIRTUAL_ENV", "venv", 1) == 0);
	CHECK_STR(RESOLVE(NONE, "job.py"), "venv/bin/python: venv/bin/python job.py");
	CHECK_STR(RESOLVE(.python = "other", "job.py"), "bin/other: other job.py");
	REQUIRE(setenv("VIRTUAL_ENV", "gone", 1) == 0);
	CHECK_STR(RESOLVE(NONE, "job.py"),
		  "no such Python: gone/bin/python of VIRTUAL_ENV: No such file or directory");
	CHECK_INT(refusal.status, 127);
	REQUIRE(setenv("VIRTUAL_ENV", "", 1) == 0);
	CHECK_STR(RESOLVE(NONE, "job.py"), "bin/python3: python3 job.py");
	REQUIRE(unsetenv("VIRTUAL_ENV") == 0);
}

static void what_cannot_run_is_refused(void)
{
	CHECK_STR(resolve(&(struct options){NONE}, (char *const[]){NULL}),
		  "there is nothing to run");
	CHECK_INT(refusal.status, 125);
	CHECK_STR(RESOLVE(NONE, "gone.py"),
		  "cannot read the script gone.py: No such file or directory");
	CHECK_INT(refusal.status, 127);
	CHECK_STR(RESOLVE(NONE, "gone"), "there is no program gone on PATH");
	CHECK_INT(refusal.status, 127);
	CHECK_STR(RESOLVE(NONE, "./gone"), "./gone: No such file or directory");
	CHECK_STR(RESOLVE(NONE, "notes"), "there is no program notes on PATH");
	CHECK(strstr(refusal.advice, "fil-profile run python3 notes"));
	CHECK_STR(RESOLVE(NONE, "./notes"), "./notes cannot be executed: Permission denied");
	CHECK_INT(refusal.status, 126);
	CHECK_STR(RESOLVE(NONE, "./empty"), "./empty is a folder without a __main__.py");
	CHECK_INT(refusal.status, 126);
	CHECK_STR(RESOLVE(NONE, "tool job.py"),
		  "cannot read the script tool job.py: No such file or directory");
	CHECK_STR(refusal.advice, "give the program and its arguments as separate words");
	CHECK_STR(RESOLVE(.python = "./gone", "job.py"),
		  "no such Python: ./gone: No such file or directory");
}

static void make_files(void)
{
	static const char *const programs[] = {"bin/python3",  "bin/other", "bin/tool",
					       "bin/admin.py", "bin/dual",  "venv/bin/python"};

	REQUIRE(mkdir("bin", 0700) == 0);
	REQUIRE(mkdir("venv", 0700) == 0 && mkdir("venv/bin", 0700) == 0);
	REQUIRE(mkdir("package", 0700) == 0 && mkdir("empty", 0700) == 0);
	REQUIRE(mkdir("dual", 0700) == 0);
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		put(programs[i], 0700, "#!/bin/sh\n");
	}
	put("job.py", 0600, "");
	put("app.pyz", 0600, "");
	put("notes", 0600, "");
	put("package/__main__.py", 0600, "");
	put("dual/__main__.py", 0600, "");
	REQUIRE(setenv("PATH", "bin", 1) == 0);
	REQUIRE(unsetenv("VIRTUAL_ENV") == 0);
}

int main(void)
{
	make_files();
	RUN(scripts_run_under_python);
	RUN(modules_and_code_run_under_python);
	RUN(programs_are_found_on_path);
	RUN(the_python_is_chosen);
	RUN(what_cannot_run_is_refused);
	return test_done();
}
