// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/symbols/debug_files.h"

#include "core/base/attributes.h"
#include "core/symbols/helper.h"

#include <dirent.h>
#include <libdwelf.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define SYSTEM_FOLDER "/usr/lib/debug"
/** Of a user's folder, files that are opened to see their build id, and folders in folders. */
#define SCAN_FILES_MAX 20000u
#define SCAN_DEPTH_MAX 12u
#define SERVER_TIMEOUT_S "10"

struct search {
	struct debug_files *files;
	const struct symbol_places *places;
	const char *path;
	const char *build_id;
	unsigned scanned;
};

/** Keep an object if it has anything to tell that is not known yet; else close it. */
static void keep(struct debug_files *files, struct object *object)
{
	if (!files->debug && object_has_dwarf(object)) {
		files->debug = object;
	} else if (!files->module) {
		files->module = object;
	} else {
		object_close(object);
	}
}

static void offer(struct search *search, const char *path)
{
	struct object *object = search->files->debug ? NULL : object_open(path);
	if (!object) {
		return;
	}
	if (strcmp(object->build_id, search->build_id) == 0) {
		keep(search->files, object);
	} else {
		object_close(object);
	}
}

static attr_printf(2, 3) void offer_path(struct search *search, const char *format, ...)
{
	char path[PATH_MAX];
	va_list args;
	va_start(args, format);
	int len = vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	if (len > 0 && (size_t)len < sizeof(path)) {
		offer(search, path);
	}
}

static void offer_module(struct search *search)
{
	char path[PATH_MAX];
	/* A relative name would be one of ours. */
	if (search->path[0] != '/'
	    || snprintf(path, sizeof(path), "%s%s", search->places->root, search->path)
		    >= (int)sizeof(path)) {
		return;
	}
	offer(search, path);
	search->files->is_other =
		!search->files->module && !search->files->debug && access(path, R_OK) == 0;
}

static void offer_build_id(struct search *search, const char *root, const char *folder)
{
	const char *id = search->build_id;
	if (build_id_is_good(id)) {
		offer_path(search, "%s%s/.build-id/%.2s/%s.debug", root, folder, id, id + 2);
		offer_path(search, "%s%s/.build-id/%.2s/%s", root, folder, id, id + 2);
	}
}

static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/** Offer every file below a folder. Symbolic links to folders are not followed. */
static void scan(struct search *search, const char *folder, unsigned depth)
{
	DIR *stream = depth < SCAN_DEPTH_MAX ? opendir(folder) : NULL;
	struct dirent *entry;
	while (stream && !search->files->debug && search->scanned < SCAN_FILES_MAX
	       && (entry = readdir(stream))) {
		char path[PATH_MAX];
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0
		    || snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name)
			    >= (int)sizeof(path)) {
			continue;
		}
		search->scanned++;
		if (entry->d_type == DT_DIR) {
			scan(search, path, depth + 1);
		} else {
			offer(search, path);
		}
	}
	if (stream) {
		closedir(stream);
	}
}

static void offer_folder(struct search *search, const char *folder)
{
	offer_build_id(search, "", folder);
	offer_build_id(search, folder, SYSTEM_FOLDER);
	offer_path(search, "%s/%s", folder, search->path);
	offer_path(search, "%s/%s.debug", folder, search->path);
	offer_path(search, "%s/%s", folder, name_of(search->path));
	offer_path(search, "%s/%s.debug", folder, name_of(search->path));
	/* What has no id cannot be told from others of that name elsewhere. */
	if (search->build_id[0]) {
		search->scanned = 0;
		scan(search, folder, 0);
	}
}

static uint32_t checksum(int fd)
{
	unsigned char block[65536];
	uLong sum = crc32(0, NULL, 0);
	uint64_t offset = 0;
	ssize_t len;
	while ((len = pread(fd, block, sizeof(block), (off_t)offset)) > 0) {
		sum = crc32(sum, block, (uInt)len);
		offset += (uint64_t)len;
	}
	return (uint32_t)sum;
}

static attr_printf(3, 4) void offer_link(struct search *search, uint32_t sum, const char *format,
					 ...)
{
	char path[PATH_MAX];
	va_list args;
	va_start(args, format);
	int len = vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	struct object *object = len > 0 && (size_t)len < sizeof(path) && !search->files->debug
		? object_open(path)
		: NULL;
	if (object && strcmp(object->build_id, search->build_id) == 0 && object_has_dwarf(object)
	    && (search->build_id[0] || checksum(object->fd) == sum)) {
		search->files->debug = object;
	} else {
		object_close(object);
	}
}

static void follow_debug_link(struct search *search)
{
	const struct object *module = search->files->module;
	GElf_Word sum;
	const char *link = module ? dwelf_elf_gnu_debuglink(module->elf, &sum) : NULL;
	if (!link || !link[0] || strchr(link, '/')) {
		return;
	}
	int folder = (int)(name_of(module->path) - module->path);
	offer_link(search, sum, "%.*s%s", folder, module->path, link);
	offer_link(search, sum, "%.*s.debug/%s", folder, module->path, link);
	folder = (int)(name_of(search->path) - search->path);
	offer_link(search, sum, "%s" SYSTEM_FOLDER "%.*s%s", search->places->root, folder,
		   search->path, link);
}

static void ask_debuginfod(struct search *search)
{
	const char *servers = getenv("DEBUGINFOD_URLS");
	char path[PATH_MAX];
	if (!servers || !servers[0] || search->places->without_servers
	    || !build_id_is_good(search->build_id)) {
		return;
	}
	/* Its own default for a server that sends nothing is 90 seconds. */
	setenv("DEBUGINFOD_TIMEOUT", SERVER_TIMEOUT_S, 0);
	char *const argv[] = { "debuginfod-find", "debuginfo", (char *)search->build_id, NULL };
	ssize_t len = helper_answer(argv, path, sizeof(path));
	if (len > 1 && path[len - 1] == '\n') {
		path[len - 1] = '\0';
		offer(search, path);
	}
}

/** Unpack .gnu_debugdata, with xz if it is there. */
static struct object *open_minimal(const struct object *module)
{
	size_t len;
	const void *packed = object_section(module, ".gnu_debugdata", &len);
	char *const argv[] = { "xz", "--decompress", "--stdout", NULL };
	int fd = packed ? helper_filter(argv, packed, len) : -1;
	return fd < 0 ? NULL : object_open_fd(fd, "");
}

/** The file that dwz moved what several have in common to. */
static struct object *open_supplement(const struct search *search, const struct object *debug,
				      const char *name, const char *build_id)
{
	struct debug_files found = { 0 };
	struct search other = {
		.files = &found, .places = search->places, .path = name, .build_id = build_id
	};
	if (!build_id_is_good(build_id)) {
		return NULL;
	}
	for (size_t i = 0; i < search->places->folder_count; i++) {
		offer_build_id(&other, "", search->places->folders[i]);
		offer_build_id(&other, search->places->folders[i], SYSTEM_FOLDER);
	}
	if (name[0] == '/') {
		offer_module(&other);
	} else {
		int folder = (int)(name_of(debug->path) - debug->path);
		offer_path(&other, "%.*s%s", folder, debug->path, name);
	}
	offer_build_id(&other, search->places->root, SYSTEM_FOLDER);
	object_close(found.module);
	return found.debug;
}

static void find_supplement(const struct search *search)
{
	struct debug_files *files = search->files;
	const char *name;
	const void *id;
	char build_id[2 * BUILD_ID_BYTES_MAX + 1];
	Dwarf *dwarf = files->debug ? dwarf_begin_elf(files->debug->elf, DWARF_C_READ, NULL) : NULL;
	ssize_t len = dwarf ? dwelf_dwarf_gnu_debugaltlink(dwarf, &name, &id) : 0;
	if (len > 0) {
		build_id_format(id, (size_t)len, build_id);
		files->supplement = open_supplement(search, files->debug, name, build_id);
	}
	dwarf_end(dwarf);
}

void debug_files_find(struct debug_files *files, const struct symbol_places *places,
		      const char *path, const char *build_id)
{
	struct search search = {
		.files = files, .places = places, .path = path, .build_id = build_id
	};
	*files = (struct debug_files){ 0 };
	offer_module(&search);
	for (size_t i = 0; i < places->folder_count; i++) {
		offer_folder(&search, places->folders[i]);
	}
	offer_build_id(&search, places->root, SYSTEM_FOLDER);
	follow_debug_link(&search);
	if (!files->debug) {
		ask_debuginfod(&search);
	}
	if (!files->debug && files->module) {
		files->minimal = open_minimal(files->module);
	}
	find_supplement(&search);
}

void debug_files_done(struct debug_files *files)
{
	object_close(files->module);
	object_close(files->debug);
	object_close(files->supplement);
	object_close(files->minimal);
	*files = (struct debug_files){ 0 };
}
