// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/program.h"

#include "cmd/go_program.h"
#include "cmd/sanitizer.h"
#include "cmd/words.h"
#include "core/elf/file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

/* BINPRM_BUF_SIZE of linux/binfmts.h: the kernel looks no further for a #! line. */
#define FIRST_BYTES 256u
/* exec_binprm() in fs/exec.c: so many #! files may follow each other. */
#define SCRIPT_DEPTH_MAX 5u
/* _CS_PATH of glibc: where execvp looks without a PATH. */
#define DEFAULT_PATH "/bin:/usr/bin"

/* A file on the way to what will run. */
struct link {
	const char *path;
	int fd;
	char first[FIRST_BYTES + 1];
	size_t first_len;
	unsigned depth;
	struct machine tool;
	struct refusal *refusal;
};

static int check_file(const char *path, unsigned depth, struct machine tool,
		      struct refusal *ret_refusal);

int program_refuse(struct refusal *refusal, int status, const char *advice, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(refusal->message, sizeof(refusal->message), format, args);
	va_end(args);
	snprintf(refusal->advice, sizeof(refusal->advice), "%s", advice ? advice : "");
	refusal->status = status;
	return -1;
}

struct machine program_machine_of(const void *image)
{
	struct {
		unsigned char ident[EI_NIDENT];
		Elf64_Half type;
		Elf64_Half machine;
	} start;

	/* The same in 32 and 64 bits; image need not be aligned. */
	memcpy(&start, image, sizeof(start));
	return (struct machine){start.ident[EI_CLASS], start.ident[EI_DATA], start.machine};
}

/* 0 if path could be executed as a file, else an errno. */
static int executable_error(const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0) {
		return errno;
	}
	if (S_ISDIR(status.st_mode)) {
		return EISDIR;
	}
	if (!S_ISREG(status.st_mode) || faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) != 0) {
		return EACCES;
	}
	return 0;
}

static char *join_path(const char *folder, size_t len, const char *name)
{
	char *path;

	/* An empty element of PATH is the working directory: execvp then tries the bare name. */
	if (asprintf(&path, "%.*s%s%s", (int)len, folder, len ? "/" : "", name) < 0) {
		return NULL;
	}
	return path;
}

char *program_find(const char *name, const char *path_list)
{
	int error = *name ? 0 : ENOENT;

	if (strchr(name, '/')) {
		error = executable_error(name);
		errno = error;
		return error ? NULL : strdup(name);
	}
	error = ENOENT;
	for (const char *at = path_list ? path_list : DEFAULT_PATH; *name; at++) {
		size_t len = strcspn(at, ":");
		char *path = join_path(at, len, name);
		int found = path ? executable_error(path) : ENOMEM;
		if (!path || !found) {
			errno = found;
			return path;
		}
		free(path);
		/* As execvp: what may not be executed is passed over, but remembered. */
		if (found == EACCES) {
			error = EACCES;
		}
		at += len;
		if (!*at) {
			break;
		}
	}
	errno = error;
	return NULL;
}

static const char *machine_name(uint16_t number)
{
	switch (number) {
	case EM_X86_64:
		return "x86-64";
	case EM_386:
		return "i386";
	case EM_AARCH64:
		return "aarch64";
	case EM_ARM:
		return "arm";
	case EM_RISCV:
		return "riscv";
	case EM_PPC64:
		return "ppc64";
	case EM_S390:
		return "s390";
	default:
		return "an unknown machine";
	}
}

static int check_machine(const struct link *link)
{
	struct machine machine = program_machine_of(link->first);

	if (machine.data == link->tool.data && machine.number == link->tool.number &&
	    machine.class == link->tool.class) {
		return 0;
	}
	return program_refuse(
		link->refusal, 125, "use a fil-profile built for that machine",
		"%s is a program for %s (%s bits), this fil-profile is for %s (%s bits)",
		link->path, machine_name(machine.number), machine.class == ELFCLASS64 ? "64" : "32",
		machine_name(link->tool.number), link->tool.class == ELFCLASS64 ? "64" : "32");
}

/* The loader itself is without an interpreter, but loads the hook into what it runs. */
static bool is_loader(const char *path)
{
	const char *name = strrchr(path, '/');

	name = name ? name + 1 : path;
	return strncmp(name, "ld-", 3) == 0 || strncmp(name, "ld.so", 5) == 0;
}

static int check_loader_exists(const struct link *link, const ElfW(Phdr) *header)
{
	char loader[FIRST_BYTES] = "";
	size_t len = header->p_filesz < sizeof(loader) ? header->p_filesz : sizeof(loader) - 1;

	if (pread(link->fd, loader, len, (off_t)header->p_offset) != (ssize_t)len ||
	    access(loader, F_OK) == 0 || errno != ENOENT) {
		return 0;
	}
	return program_refuse(link->refusal, 127, "it was built for another system or C library",
			      "%s needs the loader %s, which does not exist", link->path, loader);
}

static int check_sanitizer(const struct link *link, const struct elf_image *image)
{
	const char *sanitizer = sanitizer_of_program(image);

	return !sanitizer ? 0 : program_refuse(
		link->refusal, 125, "profile a build of it without that",
		"%s is built with %s, which brings its own malloc and lets nothing be loaded "
		"before it", link->path, sanitizer);
}

static int check_linking(const struct link *link)
{
	struct elf_file file;

	if (elf_file_open(&file, link->fd) != 0) {
		return program_refuse(link->refusal, 126, NULL, "%s is a damaged program: its ELF "
				      "headers cannot be read", link->path);
	}
	if (file.loader) {
		return check_loader_exists(link, file.loader) != 0 ||
		       check_sanitizer(link, &file.image) != 0 ? -1 : 0;
	}
	if (is_loader(link->path)) {
		return 0;
	}
	return program_refuse(
		link->refusal, 125,
		go_has_made(&file, link->fd)
			? "it is written in Go, which has a heap profiler of its own: runtime/pprof"
			: "profile a dynamically linked build of it, or the Python script itself",
		"%s is statically linked: nothing can be loaded into it, so nothing is recorded",
		link->path);
}

/* Nobody gains rights by the bits of a file: on that file system, or in what we start. */
static bool are_bits_ignored(const struct link *link)
{
	struct statvfs system;

	return (fstatvfs(link->fd, &system) == 0 && system.f_flag & ST_NOSUID) ||
	       prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
}

/*
 * The loader ignores the hook in a program that gains rights (secureexec in the kernel's
 * security/commoncap.c), and not in one that belongs to who starts it. Scripts gain none.
 */
static int check_rights(const struct link *link)
{
	struct stat status;
	bool is_setuid, is_setgid;

	if (fstat(link->fd, &status) != 0 || are_bits_ignored(link)) {
		return 0;
	}
	is_setuid = status.st_mode & S_ISUID && status.st_uid != getuid();
	is_setgid = (status.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) &&
		    status.st_gid != getgid();
	if (is_setuid || is_setgid) {
		return program_refuse(
			link->refusal, 125,
			"if it runs another program (as sudo does), put fil-profile behind it: "
			"sudo fil-profile run ...",
			"%s is %s: the system keeps every profiler out of it", link->path,
			is_setuid ? "setuid" : "setgid");
	}
	if (geteuid() != 0 && fgetxattr(link->fd, "security.capability", NULL, 0) > 0) {
		return program_refuse(
			link->refusal, 125,
			"run fil-profile as root, or a copy of the program without them",
			"%s has file capabilities: the system keeps every profiler out of it",
			link->path);
	}
	return 0;
}

static int check_elf(const struct link *link)
{
	Elf64_Ehdr header;

	if (link->first_len < sizeof(header)) {
		return program_refuse(link->refusal, 126, NULL,
				      "%s is a damaged program: it ends in its ELF header",
				      link->path);
	}
	if (check_machine(link) != 0 || check_rights(link) != 0) {
		return -1;
	}
	memcpy(&header, link->first, sizeof(header));
	if (header.e_type != ET_EXEC && header.e_type != ET_DYN) {
		return program_refuse(link->refusal, 126, NULL, "%s is not a program but an object "
				      "file or a core dump", link->path);
	}
	return check_linking(link);
}

static char *next_token(char **at)
{
	char *token;

	*at += strspn(*at, " \t");
	if (!**at) {
		return NULL;
	}
	token = *at;
	*at += strcspn(*at, " \t");
	if (**at) {
		*(*at)++ = '\0';
	}
	return token;
}

static int check_named(const struct link *link, const char *line, const char *name)
{
	char *found = program_find(name, getenv("PATH"));
	int result;

	if (!found) {
		return program_refuse(link->refusal, errno == EACCES ? 126 : 127, NULL,
				      "%s begins with \"%s\", and there is no program %s on PATH",
				      link->path, line, name);
	}
	result = check_file(found, link->depth + 1, link->tool, link->refusal);
	free(found);
	return result;
}

/*
 * "#!/usr/bin/env python3": what env will run. It gets one argument, unless that begins with -S.
 * env itself is not checked: it only passes on, and the hook's variables go through even a static
 * one. Options that we do not know end the look.
 */
static int check_env(const struct link *link, const char *line, char *argument)
{
	char **words, *whole[] = {argument, NULL};
	size_t i = 0, count;
	int result = 0;

	words = strncmp(argument, "-S", 2) == 0 ? words_split(argument + 2, &count) : whole;
	while (words && words[i] && words[i][0] != '-' && strchr(words[i], '=')) {
		i++;
	}
	if (words && words[i] && words[i][0] != '-') {
		result = check_named(link, line, words[i]);
	}
	if (words != whole) {
		free(words);
	}
	return result;
}

static bool is_env(const char *path)
{
	const char *name = strrchr(path, '/');

	return strcmp(name ? name + 1 : path, "env") == 0;
}

static int check_interpreter_exists(const struct link *link, const char *line, const char *path)
{
	const char *advice = NULL;
	int error = executable_error(path);

	if (!error) {
		return 0;
	}
	if (strchr(line, '\r')) {
		advice = "its lines end as DOS writes them: sed -i 's/\\r$//' FILE mends that";
	}
	return program_refuse(link->refusal, error == ENOENT || error == ENOTDIR ? 127 : 126,
			      advice, "%s begins with \"%s\", and %s %s", link->path, line, path,
			      error == ENOENT || error == ENOTDIR ? "does not exist"
								  : "cannot be executed");
}

/* As load_script() of fs/binfmt_script.c takes a line apart: a path, then at most one argument. */
static int check_script(struct link *link)
{
	char line[FIRST_BYTES + 1], *at = link->first + 2, *path, *end;
	size_t len = strcspn(link->first, "\n");

	if (link->depth >= SCRIPT_DEPTH_MAX) {
		return program_refuse(link->refusal, 126, NULL,
				      "%s: more than %u files with #! lines lead to each other",
				      link->path, SCRIPT_DEPTH_MAX);
	}
	link->first[len] = '\0';
	memcpy(line, link->first, len + 1);
	for (end = link->first + len; end > at && (end[-1] == ' ' || end[-1] == '\t'); end--) {
		end[-1] = '\0';
	}
	path = next_token(&at);
	if (!path) {
		return program_refuse(link->refusal, 126, NULL,
				      "%s has a #! line that names no program", link->path);
	}
	at += strspn(at, " \t");
	if (check_interpreter_exists(link, line, path) != 0) {
		return -1;
	}
	if (is_env(path)) {
		return *at ? check_env(link, line, at) : 0;
	}
	return check_file(path, link->depth + 1, link->tool, link->refusal);
}

static int check_content(struct link *link)
{
	ssize_t got = pread(link->fd, link->first, FIRST_BYTES, 0);

	if (got < 0) {
		return program_refuse(link->refusal, 126, NULL, "cannot read %s: %s", link->path,
				      strerror(errno));
	}
	link->first_len = (size_t)got;
	link->first[got] = '\0';
	if (link->first_len >= SELFMAG && memcmp(link->first, ELFMAG, SELFMAG) == 0) {
		return check_elf(link);
	}
	if (link->first[0] == '#' && link->first[1] == '!') {
		return check_script(link);
	}
	return program_refuse(link->refusal, 126,
			      "name the program that runs it: fil-profile run python3 FILE, or "
			      "fil-profile run sh FILE",
			      got ? "%s is neither a program nor a script with a #! line"
				  : "%s is empty",
			      link->path);
}

static int check_file(const char *path, unsigned depth, struct machine tool,
		      struct refusal *ret_refusal)
{
	struct link link = {.path = path, .depth = depth, .tool = tool, .refusal = ret_refusal};
	int result;

	link.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (link.fd < 0) {
		return 0;
	}
	result = check_content(&link);
	close(link.fd);
	return result;
}

int program_check(const char *path, struct machine tool, struct refusal *ret_refusal)
{
	return check_file(path, 0, tool, ret_refusal);
}

bool program_is_script(const char *path)
{
	char first[2] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t got;

	if (fd < 0) {
		return false;
	}
	got = pread(fd, first, sizeof(first), 0);
	close(fd);
	return got == 2 && first[0] == '#' && first[1] == '!';
}
