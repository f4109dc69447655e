// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/symbols.h"

#include "cmd/say.h"
#include "core/profile/mappers.h"
#include "core/profile/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The folders of all --symbols, one by one. */
struct folders {
	/* The options' texts, cut at their ":". */
	char *texts[TEXT_LIST_MAX];
	const char **items;
	size_t count;
};

/* Whatever files tell of machine code: its names, and the allocators that are in it. */
static struct profile *find(struct profile *profile, const struct names_request *request,
			    struct names_count *ret_count)
{
	profile = names_find(profile, request, ret_count);
	mappers_find(profile, request);
	return profile;
}

struct profile *symbols_name(struct profile *profile, const char *root, bool with_source)
{
	struct names_request request = {.root = root, .with_source = with_source};
	struct names_count count;

	return profile ? find(profile, &request, &count) : NULL;
}

static void folders_done(struct folders *folders)
{
	for (size_t i = 0; i < TEXT_LIST_MAX; i++) {
		free(folders->texts[i]);
	}
	free(folders->items);
}

/* A folder that is not there is a mistake, not a reason to go without a report. */
static void add_folder(struct folders *folders, const char *folder)
{
	struct stat status;

	if (stat(folder, &status) != 0 || !S_ISDIR(status.st_mode)) {
		say_error("--symbols: %s is no folder that can be read", folder);
		return;
	}
	folders->items[folders->count++] = folder;
}

/* 0, or -1 with errno ENOMEM. */
static int folders_split(struct folders *folders, const struct text_list *list)
{
	size_t most = 0;

	for (size_t i = 0; i < list->count; i++) {
		most += strlen(list->items[i]);
	}
	folders->items = calloc(most + 1, sizeof(*folders->items));
	if (!folders->items) {
		return -1;
	}
	for (size_t i = 0; i < list->count; i++) {
		char *rest = folders->texts[i] = strdup(list->items[i]);
		if (!rest) {
			return -1;
		}
		for (char *folder; (folder = strsep(&rest, ":"));) {
			if (*folder) {
				add_folder(folders, folder);
			}
		}
	}
	return 0;
}

struct profile *symbols_look_in_folders(struct profile *profile, const struct options *options)
{
	struct folders folders = {.count = 0};
	struct names_request request = {.root = "", .with_source = !options->no_source};
	struct names_count count;

	if (!profile || !options->symbols.count) {
		return profile;
	}
	if (folders_split(&folders, &options->symbols) != 0) {
		say_error("--symbols: %s", strerror(errno));
	} else {
		request.folders = folders.items;
		request.folder_count = folders.count;
		profile = find(profile, &request, &count);
		if (!count.asked) {
			say_info("--symbols: no frame lacks a name or a line");
		} else {
			say_info("--symbols: names or lines for %u of %u frames that lacked them",
				 count.named, count.asked);
		}
	}
	folders_done(&folders);
	return profile;
}
