// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/target.h"

#include "core/base/attributes.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int refuse_memory(struct refusal *refusal)
{
	return program_refuse(refusal, 125, NULL, "not enough memory for the command line");
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len > end_len && strcmp(text + len - end_len, end) == 0;
}

static bool has_python_suffix(const char *word)
{
	static const char *const suffixes[] = {".py", ".pyw", ".pyc", ".pyz", ".zip"};

	for (size_t i = 0; i < countof(suffixes); i++) {
		if (ends_with(word, suffixes[i])) {
			return true;
		}
	}
	return false;
}

static bool is_folder(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool is_folder_with_main(const char *path)
{
	char *main_path;
	bool found;

	if (!is_folder(path) || asprintf(&main_path, "%s/__main__.py", path) < 0) {
		return false;
	}
	found = access(main_path, F_OK) == 0;
	free(main_path);
	return found;
}

/* A bare word that PATH knows is a program, whatever lies here under the same name. */
static bool is_on_path(const char *word)
{
	char *found = strchr(word, '/') ? NULL : program_find(word, getenv("PATH"));

	free(found);
	return found != NULL;
}

static bool is_for_python(const char *word)
{
	if (strcmp(word, "-") == 0) {
		return true;
	}
	if (has_python_suffix(word)) {
		return access(word, F_OK) == 0 || !is_on_path(word);
	}
	return is_folder_with_main(word) && !is_on_path(word);
}

/* The Python beside us, where pip has put us into a virtual environment; NULL: we are in none. */
static char *interpreter_beside(void)
{
	char folder[PATH_MAX], *name, *python;
	ssize_t len = readlink("/proc/self/exe", folder, sizeof(folder) - 1);
	bool is_there;

	folder[len > 0 ? len : 0] = '\0';
	name = strrchr(folder, '/');
	if (!name) {
		return NULL;
	}
	*name = '\0';
	if (asprintf(&name, "%s/../pyvenv.cfg", folder) < 0) {
		return NULL;
	}
	is_there = access(name, R_OK) == 0;
	free(name);
	if (!is_there || asprintf(&python, "%s/python", folder) < 0) {
		return NULL;
	}
	return python;
}

char *target_interpreter_name(const struct options *options)
{
	const char *environment = getenv("VIRTUAL_ENV");
	char *name;

	if (options->python) {
		return strdup(options->python);
	}
	if (environment && *environment) {
		return asprintf(&name, "%s/bin/python", environment) < 0 ? NULL : name;
	}
	name = interpreter_beside();
	return name ? name : strdup("python3");
}

static int refuse_interpreter(const struct options *options, const char *name, int error,
			      struct refusal *refusal)
{
	int status = error == EACCES || error == EISDIR ? 126 : 127;

	if (options->python) {
		return program_refuse(refusal, status,
				      "give --python the path of an interpreter, or "
				      "the name of one on PATH",
				      "no such Python: %s: %s", name, strerror(error));
	}
	if (strchr(name, '/')) {
		return program_refuse(refusal, status, "unset VIRTUAL_ENV, or give --python PATH",
				      "no such Python: %s of VIRTUAL_ENV: %s", name,
				      strerror(error));
	}
	return program_refuse(refusal, status, "give --python PATH",
			      "no such Python: there is no %s on PATH", name);
}

static const char separate_words[] = "give the program and its arguments as separate words";

static int check_script(const char *script, struct refusal *refusal)
{
	if (strcmp(script, "-") == 0 || access(script, R_OK) == 0) {
		return 0;
	}
	return program_refuse(refusal, errno == EACCES ? 126 : 127,
			      strchr(script, ' ') ? separate_words : NULL,
			      "cannot read the script %s: %s", script, strerror(errno));
}

/* Make argv of the first words (NULLs left out) and the rest of the command line. */
static int make_argv(struct target *target, const char *const first[3], char *const *rest,
		     struct refusal *refusal)
{
	size_t count = 0;

	while (rest[count]) {
		count++;
	}
	target->argv = calloc(count + 4, sizeof(*target->argv));
	if (!target->argv) {
		return refuse_memory(refusal);
	}
	count = 0;
	for (size_t i = 0; i < 3; i++) {
		if (first[i]) {
			target->argv[count++] = (char *)first[i];
		}
	}
	while (*rest) {
		target->argv[count++] = *rest++;
	}
	return 0;
}

static int find_interpreter(struct target *target, const struct options *options,
			    struct refusal *refusal)
{
	target->interpreter = target_interpreter_name(options);
	if (!target->interpreter) {
		return refuse_memory(refusal);
	}
	target->program = program_find(target->interpreter, getenv("PATH"));
	return target->program
		? 0
		: refuse_interpreter(options, target->interpreter, errno, refusal);
}

/* For python: "python3 SCRIPT ...", "python3 -m MODULE ..." or "python3 -c CODE ...". */
static int resolve_python(struct target *target, const struct options *options, struct machine tool,
			  struct refusal *refusal)
{
	const char *flag = options->module ? "-m" : options->code ? "-c" : NULL;

	if (!flag && check_script(options->words[0], refusal) != 0) {
		return -1;
	}
	if (find_interpreter(target, options, refusal) != 0) {
		return -1;
	}
	target->code_text = options->code;
	if (make_argv(target,
		      (const char *[3]){target->interpreter, flag,
					options->module ? options->module : options->code},
		      options->words, refusal) != 0) {
		return -1;
	}
	return program_check(target->program, tool, refusal);
}

static int refuse_not_found(const char *word, struct refusal *refusal)
{
	char advice[512] = "";

	if (strchr(word, '/')) {
		return program_refuse(refusal, 127, NULL, "%s: %s", word, strerror(ENOENT));
	}
	if (strchr(word, ' ')) {
		return program_refuse(refusal, 127, separate_words,
				      "there is no program %s on PATH", word);
	}
	if (is_folder(word)) {
		snprintf(advice, sizeof(advice),
			 "the folder of that name here has no __main__.py to run");
	} else if (access(word, F_OK) == 0) {
		snprintf(advice, sizeof(advice),
			 "the file of that name here: fil-profile run ./%.100s if it is a program, "
			 "fil-profile run python3 %.100s if it is a script",
			 word, word);
	}
	return program_refuse(refusal, 127, advice, "there is no program %s on PATH", word);
}

static int refuse_not_executable(const char *word, struct refusal *refusal)
{
	char advice[512] = "";

	if (is_folder(word)) {
		return program_refuse(refusal, 126, NULL, "%s is a folder without a __main__.py",
				      word);
	}
	if (program_is_script(word)) {
		snprintf(advice, sizeof(advice),
			 "chmod +x %.100s, or: fil-profile run python3 %.100s", word, word);
	} else if (strchr(word, '/')) {
		snprintf(advice, sizeof(advice),
			 "if it is a Python script: fil-profile run python3 %.200s", word);
	}
	return program_refuse(refusal, 126, advice, "%s cannot be executed: %s", word,
			      strerror(EACCES));
}

/* "python3 -c CODE" typed out has a text to show, too. */
static const char *code_of(char *const *argv)
{
	const char *name = strrchr(argv[0], '/');

	name = name ? name + 1 : argv[0];
	if (strncmp(name, "python", 6) == 0 && argv[1] && strcmp(argv[1], "-c") == 0) {
		return argv[2];
	}
	return NULL;
}

static int resolve_program(struct target *target, const struct options *options,
			   struct machine tool, struct refusal *refusal)
{
	const char *word = options->words[0];

	target->program = program_find(word, getenv("PATH"));
	if (!target->program) {
		return errno == EACCES || errno == EISDIR ? refuse_not_executable(word, refusal)
							  : refuse_not_found(word, refusal);
	}
	target->code_text = code_of(options->words);
	if (make_argv(target, (const char *[3]){NULL}, options->words, refusal) != 0) {
		return -1;
	}
	return program_check(target->program, tool, refusal);
}

int target_resolve(struct target *target, const struct options *options, struct machine tool,
		   struct refusal *ret_refusal)
{
	memset(target, 0, sizeof(*target));
	if (options->module || options->code) {
		return resolve_python(target, options, tool, ret_refusal);
	}
	if (!options->word_count) {
		return program_refuse(ret_refusal, 125, "fil-profile run SCRIPT.py",
				      "there is nothing to run");
	}
	if (is_for_python(options->words[0])) {
		return resolve_python(target, options, tool, ret_refusal);
	}
	return resolve_program(target, options, tool, ret_refusal);
}

int target_resolve_interpreter(struct target *target, const struct options *options,
			       struct machine tool, struct refusal *ret_refusal)
{
	bool is_code = options->word_count > 1 && strcmp(options->words[0], "-c") == 0;

	memset(target, 0, sizeof(*target));
	if (find_interpreter(target, options, ret_refusal) != 0) {
		return -1;
	}
	target->code_text = is_code ? options->words[1] : NULL;
	if (make_argv(target, (const char *[3]){target->interpreter}, options->words,
		      ret_refusal) != 0) {
		return -1;
	}
	return program_check(target->program, tool, ret_refusal);
}

void target_done(struct target *target)
{
	free(target->program);
	free(target->interpreter);
	free(target->argv);
	memset(target, 0, sizeof(*target));
}
