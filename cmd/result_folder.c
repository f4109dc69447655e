// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/result_folder.h"

#include "cmd/stream.h"
#include "core/host/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* So many reports may begin within one millisecond, or clocks be set back over so many. */
#define NAME_TRIES 10000
#define NAME_BYTES 64u

/* An id out of sudo's environment. */
static bool read_id(const char *name, unsigned *ret_id)
{
	const char *text = getenv(name);
	char *end;
	unsigned long id;

	if (!text || *text < '0' || *text > '9') {
		return false;
	}
	errno = 0;
	id = strtoul(text, &end, 10);
	if (errno || *end || id >= UINT32_MAX) {
		return false;
	}
	*ret_id = (unsigned)id;
	return true;
}

/* Under sudo, give what we have just created, and have open, to the caller. */
static int give_to_caller(int fd)
{
	unsigned uid, gid;

	if (geteuid() != 0 || !read_id("SUDO_UID", &uid) || !read_id("SUDO_GID", &gid)) {
		return 0;
	}
	return fchown(fd, uid, gid);
}

/*
 * Create and enter one folder. Nothing that somebody put there in the meantime is given away: it is
 * entered without following a link, and has to be ours.
 */
static int enter_new(int at, const char *name)
{
	struct stat status;
	cleanup_fd int fd = -1;

	if (mkdirat(at, name, 0700) != 0) {
		return -1;
	}
	fd = fd_above_stdio(openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
	if (fd < 0 || fstat(fd, &status) != 0) {
		return -1;
	}
	if (status.st_uid != geteuid()) {
		errno = EPERM;
		return -1;
	}
	/* Not every file system has modes or owners to set: no reason to go without a report. */
	(void)fchmod(fd, 0700);
	(void)give_to_caller(fd);
	return fd_take(&fd);
}

static int enter_existing(int at, const char *name)
{
	return fd_above_stdio(openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

/* Enter path, creating what is missing; *ret_existing_len is how much of it was there. */
static int enter_path(const char *path, size_t *ret_existing_len)
{
	char *copy = strdup(path), *save = NULL;
	int at = copy ? enter_existing(AT_FDCWD, *path == '/' ? "/" : ".") : -1;
	bool existing = true;

	*ret_existing_len = 0;
	for (char *name = at >= 0 ? strtok_r(copy, "/", &save) : NULL; name && at >= 0;
	     name = strtok_r(NULL, "/", &save)) {
		cleanup_fd int before = at;
		at = enter_existing(before, name);
		if (at < 0 && errno == ENOENT) {
			existing = false;
			at = enter_new(before, name);
			/* Somebody else made it in the meantime. */
			if (at < 0 && errno == EEXIST) {
				at = enter_existing(before, name);
			}
		}
		if (existing) {
			*ret_existing_len = (size_t)(name - copy) + strlen(name);
		}
	}
	free(copy);
	return at;
}

/* "2026-11-23T04-12-37_759", local time. */
static void name_of_time(int64_t unix_ms, char name[NAME_BYTES])
{
	time_t seconds = (time_t)(unix_ms / 1000);
	struct tm local;
	size_t len;

	memset(&local, 0, sizeof(local));
	localtime_r(&seconds, &local);
	len = strftime(name, NAME_BYTES, "%Y-%m-%dT%H-%M-%S", &local);
	snprintf(name + len, NAME_BYTES - len, "_%03d", (int)(unix_ms % 1000));
}

int result_folder_create(struct result_folder *ret_folder, const char *parent, int64_t unix_ms)
{
	struct result_folder folder = {.fd = -1};
	char name[NAME_BYTES];
	cleanup_fd int at = enter_path(parent, &folder.existing_len);

	if (at < 0) {
		return -1;
	}
	for (int i = 0; i < NAME_TRIES && folder.fd < 0; i++) {
		name_of_time(unix_ms + i, name);
		folder.fd = enter_new(at, name);
		if (folder.fd < 0 && errno != EEXIST) {
			return -1;
		}
	}
	folder.parent_len = strlen(parent);
	while (folder.parent_len > 1 && parent[folder.parent_len - 1] == '/') {
		folder.parent_len--;
	}
	if (folder.fd < 0 ||
	    asprintf(&folder.path, "%.*s/%s", (int)folder.parent_len, parent, name) < 0) {
		fd_close(&folder.fd);
		return -1;
	}
	*ret_folder = folder;
	return 0;
}

int result_folder_adopt(struct result_folder *ret_folder, const char *path)
{
	struct result_folder folder = {.path = strdup(path)};
	const char *name = strrchr(path, '/');

	folder.fd = folder.path ? enter_path(path, &folder.existing_len) : -1;
	if (folder.fd < 0) {
		free(folder.path);
		return -1;
	}
	folder.parent_len = name && name > path ? (size_t)(name - path) : 1;
	*ret_folder = folder;
	return 0;
}

bool result_folder_is_gone(const struct result_folder *folder)
{
	struct stat status;

	return fstat(folder->fd, &status) != 0 || status.st_nlink == 0;
}

/* A folder of ours in $TMPDIR or /tmp; that one itself if somebody else has the name. */
static char *fallback_parent(void)
{
	const char *temporary = getenv("TMPDIR");
	struct stat status;
	char *parent;

	if (!temporary || *temporary != '/') {
		temporary = "/tmp";
	}
	if (asprintf(&parent, "%s/fil-result-%u", temporary, (unsigned)geteuid()) < 0) {
		return NULL;
	}
	if (lstat(parent, &status) == 0 && status.st_uid != geteuid()) {
		free(parent);
		return strdup(temporary);
	}
	return parent;
}

static int create_and_free(struct result_folder *ret_folder, char *parent, int64_t unix_ms)
{
	int result = parent ? result_folder_create(ret_folder, parent, unix_ms) : -1;

	free(parent);
	return result;
}

int result_folder_replace(struct result_folder *folder, int64_t unix_ms)
{
	struct result_folder other;
	int result = -1;

	if (result_folder_is_gone(folder)) {
		result =
			create_and_free(&other, strndup(folder->path, folder->parent_len), unix_ms);
	}
	if (result != 0) {
		result = create_and_free(&other, fallback_parent(), unix_ms);
	}
	if (result == 0) {
		result_folder_done(folder);
		*folder = other;
	}
	return result;
}

void result_folder_abandon(struct result_folder *folder)
{
	size_t len = strlen(folder->path);

	/* Whatever is not empty stays, and ends this. */
	while (len > folder->existing_len && rmdir(folder->path) == 0) {
		while (len > folder->existing_len && folder->path[len - 1] != '/') {
			len--;
		}
		while (len > 0 && folder->path[len - 1] == '/') {
			len--;
		}
		folder->path[len] = '\0';
	}
	result_folder_done(folder);
}

void result_folder_sweep(const struct result_folder *folder, pid_t writer)
{
	char end[24];
	int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *files = fd < 0 ? NULL : fdopendir(fd);
	size_t end_len = (size_t)snprintf(end, sizeof(end), ".%d", (int)writer);

	if (!files) {
		fd_close(&fd);
		return;
	}
	for (struct dirent *file; (file = readdir(files));) {
		size_t len = strlen(file->d_name);
		if (file->d_name[0] == '.' && len > end_len &&
		    strcmp(file->d_name + len - end_len, end) == 0) {
			unlinkat(folder->fd, file->d_name, 0);
		}
	}
	closedir(files);
}

void result_folder_done(struct result_folder *folder)
{
	free(folder->path);
	folder->path = NULL;
	fd_close(&folder->fd);
}

char *result_folder_absolute(const struct result_folder *folder, const char *name)
{
	char *directory = NULL, *path;
	int len;

	if (*folder->path != '/') {
		directory = getcwd(NULL, 0);
		if (!directory) {
			return NULL;
		}
	}
	len = asprintf(&path, "%s%s%s/%s", directory ? directory : "", directory ? "/" : "",
		       folder->path, name);
	free(directory);
	return len < 0 ? NULL : path;
}

int result_file_open(struct result_file *file, const struct result_folder *folder, const char *name)
{
	cleanup_fd int fd = -1;

	file->folder = folder;
	file->name = name;
	snprintf(file->temporary, sizeof(file->temporary), ".%.40s.%d", name, (int)getpid());
	fd = fd_above_stdio(openat(folder->fd, file->temporary,
				   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
	if (fd < 0) {
		return -1;
	}
	(void)fchmod(fd, 0600);
	(void)give_to_caller(fd);
	file->out = fdopen(fd, "w");
	if (!file->out) {
		unlinkat(folder->fd, file->temporary, 0);
		return -1;
	}
	fd_take(&fd);
	return 0;
}

int result_file_close(struct result_file *file, int result)
{
	int error = stream_finish(file->out, result);

	if (!error &&
	    renameat(file->folder->fd, file->temporary, file->folder->fd, file->name) != 0) {
		error = errno;
	}
	if (error) {
		unlinkat(file->folder->fd, file->temporary, 0);
		errno = error;
		return -1;
	}
	return 0;
}
