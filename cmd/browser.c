// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/browser.h"

#include "core/base/attributes.h"
#include "cmd/words.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bool is_set(const char *name)
{
	const char *value = getenv(name);

	return value && *value;
}

bool browser_is_wanted(void)
{
	/* A browser that root starts in somebody's session would own files in their home. */
	if (geteuid() == 0 && is_set("SUDO_UID")) {
		return false;
	}
	if (is_set("BROWSER")) {
		return true;
	}
	return isatty(STDERR_FILENO) && (is_set("DISPLAY") || is_set("WAYLAND_DISPLAY"));
}

/* file:///..., all but unreserved characters and "/" percent-encoded (RFC 3986). */
static char *file_url(const char *path)
{
	static const char unreserved[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
		"-._~/";
	char *url = NULL;
	size_t len;
	FILE *out = open_memstream(&url, &len);

	if (!out) {
		return NULL;
	}
	fputs("file://", out);
	for (; *path; path++) {
		if (strchr(unreserved, *path)) {
			fputc(*path, out);
		} else {
			fprintf(out, "%%%02X", (unsigned char)*path);
		}
	}
	return fclose(out) == 0 ? url : NULL;
}

/* Replace this process by a browser; returns if it cannot be executed. */
static void exec_browser(char **words, size_t count, char *url)
{
	char **argv = calloc(count + 2, sizeof(*argv));
	bool placed = false;

	if (!argv) {
		return;
	}
	for (size_t i = 0; i < count; i++) {
		argv[i] = words[i];
		/* "%s" stands for the address, as in Python's webbrowser. */
		if (strcmp(words[i], "%s") == 0) {
			argv[i] = url;
			placed = true;
		}
	}
	if (!placed) {
		argv[count] = url;
	}
	execvp(argv[0], argv);
	free(argv);
}

/* $BROWSER: commands separated by colons, the first that can be executed. */
static void exec_chosen(const char *list, char *url)
{
	char *copy = strdup(list), *save = NULL;

	for (char *command = copy ? strtok_r(copy, ":", &save) : NULL; command;
	     command = strtok_r(NULL, ":", &save)) {
		size_t count;
		char **words = words_split(command, &count);
		if (words && count) {
			exec_browser(words, count, url);
		}
		free(words);
	}
	free(copy);
}

static void exec_any(char *url)
{
	static char *const commands[][3] = {
		{"xdg-open", NULL},	   {"gio", "open", NULL}, {"x-www-browser", NULL},
		{"sensible-browser", NULL}, {"firefox", NULL},	   {"chromium", NULL},
		{"google-chrome", NULL},
	};

	for (size_t i = 0; i < countof(commands); i++) {
		exec_browser((char **)commands[i], commands[i][1] ? 2 : 1, url);
	}
}

/* In a process of its own: nothing of the terminal, of our signals and descriptors is left. */
static _Noreturn void become_browser(char *url)
{
	sigset_t none;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int number = 1; number < NSIG; number++) {
		signal(number, SIG_DFL);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	for (int fd = 0; null >= 0 && fd < 3; fd++) {
		dup2(null, fd);
	}
	if (is_set("BROWSER")) {
		exec_chosen(getenv("BROWSER"), url);
	} else {
		exec_any(url);
	}
	_exit(127);
}

void browser_open(const char *path)
{
	char *url = file_url(path);
	pid_t pid;

	if (!url) {
		return;
	}
	/* Twice, so that nobody here has to wait for it. */
	pid = fork();
	if (pid == 0) {
		if (fork() == 0) {
			become_browser(url);
		}
		_exit(0);
	}
	if (pid > 0) {
		waitpid(pid, NULL, 0);
	}
	free(url);
}
