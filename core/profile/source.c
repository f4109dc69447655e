// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/source.h"

#include "core/base/hash.h"
#include "core/profile/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CODE_TEXT_NAME "<string>"

#define OPEN_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

/* include/uapi/linux/openat2.h of the kernel, which musl has no header for. */
#define RESOLVE_IN_ROOT 0x10
struct open_how {
	uint64_t flags;
	uint64_t mode;
	uint64_t resolve;
};

/** Open path inside root, symbolic links included; where the kernel cannot, by joining the two. */
static int open_in_root(const char *root, const char *path)
{
#ifdef SYS_openat2
	int root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd >= 0) {
		struct open_how how = { .flags = OPEN_FLAGS, .resolve = RESOLVE_IN_ROOT };
		long fd = syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
		int error = errno;
		close(root_fd);
		if (fd >= 0 || (error != ENOSYS && error != EPERM)) {
			return (int)fd;
		}
	}
#endif
	char joined[PATH_MAX];
	int len = snprintf(joined, sizeof(joined), "%s/%s", root, path);
	return len < 0 || (size_t)len >= sizeof(joined) ? -1 : open(joined, OPEN_FLAGS);
}

static int open_source(const struct source_place *place, const char *name)
{
	char path[PATH_MAX];
	int len = snprintf(path, sizeof(path), "%s%s%s", name[0] == '/' ? "" : place->directory,
			   name[0] == '/' ? "" : "/", name);
	if (len < 0 || (size_t)len >= sizeof(path)) {
		return -1;
	}
	return place->root[0] ? open_in_root(place->root, path) : open(path, OPEN_FLAGS);
}

/** Read to the end, up to SOURCE_FILE_BYTES_MAX. NULL if it is longer or cannot be read. */
static char *read_all(int fd, size_t *ret_len)
{
	size_t len = 0;
	size_t capacity = 0;
	char *text = NULL;
	for (;;) {
		if (len == capacity) {
			capacity = capacity ? capacity * 2 : (size_t)64 << 10;
			char *more = len < SOURCE_FILE_BYTES_MAX ? realloc(text, capacity) : NULL;
			if (!more) {
				break;
			}
			text = more;
		}
		ssize_t got = read(fd, text + len, capacity - len);
		if (got == 0) {
			*ret_len = len;
			return text;
		}
		if (got < 0 && errno != EINTR) {
			break;
		}
		len += got > 0 ? (size_t)got : 0;
	}
	free(text);
	return NULL;
}

static int64_t unix_ms(struct timespec time)
{
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static bool load_fd(int fd, const struct source_place *place, struct source_file *ret_file)
{
	struct stat status;
	if (fstat(fd, &status) || !S_ISREG(status.st_mode)
	    || status.st_size > (off_t)SOURCE_FILE_BYTES_MAX) {
		return false;
	}
	size_t len;
	char *text = read_all(fd, &len);
	if (!text) {
		return false;
	}
	/* A file that was moved into place has an old mtime, but its inode was changed then. */
	bool changed = unix_ms(status.st_mtim) > place->start_unix_ms
		|| unix_ms(status.st_ctim) > place->start_unix_ms;
	*ret_file = (struct source_file){ text, len, changed };
	return true;
}

bool source_load(const struct source_place *place, const char *name, struct source_file *ret_file)
{
	if (place->sources) {
		size_t len;
		char *text = scope_source(place->sources, name, &len);
		if (text) {
			*ret_file = (struct source_file){ text, len, false };
			return true;
		}
	}
	if (strcmp(name, CODE_TEXT_NAME) == 0 && place->code_text) {
		char *text = strdup(place->code_text);
		if (text) {
			*ret_file = (struct source_file){ text, strlen(text), false };
		}
		return text != NULL;
	}
	/* "<frozen os>", "<stdin>", "": no files. */
	if (name[0] == '\0' || name[0] == '<') {
		return false;
	}
	int fd = open_source(place, name);
	if (fd < 0) {
		return false;
	}
	bool loaded = load_fd(fd, place, ret_file);
	close(fd);
	return loaded;
}

/** Goes through the lines of a file as Python counts them: \n, \r\n and \r end a line. */
struct line_walk {
	const char *at;
	const char *end;
	uint32_t line; /* number of the line that begins at at */
};

static void next_line(struct line_walk *walk)
{
	while (walk->at < walk->end && *walk->at != '\n' && *walk->at != '\r') {
		walk->at++;
	}
	if (walk->at < walk->end) {
		char c = *walk->at++;
		if (c == '\r' && walk->at < walk->end && *walk->at == '\n') {
			walk->at++;
		}
	}
	walk->line++;
}

/** The text of the line that begins at text, as it is kept; 0 if it is blank. */
static uint32_t keep_line(struct builder *builder, const char *text, const char *end)
{
	size_t len = 0;
	size_t rest = (size_t)(end - text);
	while (len < rest && len < SOURCE_LINE_BYTES_MAX && text[len] != '\n'
	       && text[len] != '\r') {
		len++;
	}
	/* Not in the middle of a UTF-8 sequence: the bytes that continue one look like 10xxxxxx. */
	if (len == SOURCE_LINE_BYTES_MAX) {
		while (len > SOURCE_LINE_BYTES_MAX - 4 && len < rest
		       && ((unsigned char)text[len] & 0xc0) == 0x80) {
			len--;
		}
	}
	while (len && (text[len - 1] == ' ' || text[len - 1] == '\t' || text[len - 1] == '\f')) {
		len--;
	}
	return builder_string(builder, text, len);
}

/** Frames of one file, sorted by line. */
static void attach_file(struct builder *builder, const struct source_file *file,
			const uint32_t *frames, uint32_t count)
{
	static const char byte_order_mark[] = "\xef\xbb\xbf";
	struct line_walk walk = { file->text, file->text + file->len, 1 };
	if (file->len >= 3 && memcmp(walk.at, byte_order_mark, 3) == 0) {
		walk.at += 3;
	}
	for (uint32_t i = 0; i < count; i++) {
		uint32_t line = builder->profile->frames[frames[i]].line;
		while (walk.line < line && walk.at < walk.end) {
			next_line(&walk);
		}
		if (walk.line == line) {
			uint32_t source = keep_line(builder, walk.at, walk.end);
			struct profile_frame *frame = &builder->profile->frames[frames[i]];
			frame->source = source;
			frame->flags |= file->changed ? FRAME_SOURCE_CHANGED : 0;
		}
	}
}

static void attach(struct builder *builder, const struct source_place *place,
		   const uint32_t *frames, uint32_t count)
{
	uint32_t name = builder->profile->frames[frames[0]].file;
	struct source_file file;
	/* A copy: the pool of strings moves when lines are added. */
	char *path = strdup(profile_string(builder->profile, name));
	if (path && source_load(place, path, &file)) {
		attach_file(builder, &file, frames, count);
		builder_file(builder, &(struct profile_file){
			.name = name,
			.flags = file.changed ? FRAME_SOURCE_CHANGED : 0,
			.size_bytes = file.len,
			.hash = hash_bytes(file.text, file.len),
		});
		free(file.text);
	}
	free(path);
}

static int compare_frames(const void *a, const void *b, void *context)
{
	const struct profile_frame *frames = context;
	const struct profile_frame *x = &frames[*(const uint32_t *)a];
	const struct profile_frame *y = &frames[*(const uint32_t *)b];
	if (x->file != y->file) {
		return x->file < y->file ? -1 : 1;
	}
	return x->line < y->line ? -1 : x->line > y->line;
}

void source_attach(struct builder *builder, const struct source_place *place, uint32_t *frames,
		   uint32_t count)
{
	if (builder->failed) {
		return;
	}
	qsort_r(frames, count, sizeof(*frames), compare_frames, builder->profile->frames);
	uint32_t next;
	for (uint32_t i = 0; i < count && !builder->failed; i = next) {
		const struct profile_frame *all = builder->profile->frames;
		next = i + 1;
		while (next < count && all[frames[next]].file == all[frames[i]].file) {
			next++;
		}
		attach(builder, place, frames + i, next - i);
	}
}
