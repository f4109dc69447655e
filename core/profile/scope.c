// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/scope.h"

#include "core/profile/source.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/** More are not looked at: each is compared with every name. */
#define SOURCES_MAX 65536u

/** The first slot with a scope; false if none has one. */
static bool find_slot(const struct segment_reader *reader, struct slot *slot)
{
	for (uint32_t i = 0; i < reader_slot_count(reader); i++) {
		if (reader_slot(reader, i, slot) == 0 && slot->scope.state != SCOPE_NONE) {
			return true;
		}
	}
	return false;
}

/** The text of the scope's folder, if it can be one. */
static char *read_folder(const struct segment_reader *reader, uint32_t text)
{
	struct arena_copy texts;
	char *folder = NULL;
	size_t len;
	if (text && reader_copy_shared(reader, ARENA_TEXT, &texts) == 0) {
		folder = arena_text(&texts, text, PATH_MAX, &len);
		if (folder && (folder[0] != '/' || len >= PATH_MAX || strlen(folder) != len)) {
			free(folder);
			folder = NULL;
		}
		arena_done(&texts);
	}
	return folder;
}

int scope_read(int segment_fd, struct scope_info *ret_info)
{
	struct segment_reader reader;
	struct slot slot;
	if (reader_open(&reader, segment_fd)) {
		return -1;
	}
	*ret_info = (struct scope_info){ 0 };
	if (find_slot(&reader, &slot)) {
		const struct scope *scope = &slot.scope;
		*ret_info = (struct scope_info){
			.is_open = scope->state == SCOPE_OPEN,
			.is_report_due = scope->reports_wanted != scope->reports_done,
			.start_unix_ms = scope->start_unix_ms,
			.folder = read_folder(&reader, scope->folder),
		};
	}
	return 0;
}

int scope_sources_init(struct scope_sources *sources, const struct arena_copy *codes,
		       const struct arena_copy *texts)
{
	*sources = (struct scope_sources){ .codes = codes, .texts = texts };
	for (uint64_t k = 1; k < codes->used && sources->count < SOURCES_MAX; k++) {
		const struct code *code = arena_element(codes, k);
		if (!code || code->kind != CODE_SOURCE) {
			continue;
		}
		uint32_t *more = realloc(sources->numbers, (sources->count + 1) * sizeof(*more));
		if (!more) {
			return -1;
		}
		sources->numbers = more;
		sources->numbers[sources->count++] = (uint32_t)k;
	}
	return 0;
}

static bool has_name(const struct scope_sources *sources, const struct code *code, const char *name)
{
	size_t len;
	uint32_t shown = code->qualname ? code->qualname : code->filename;
	char *found = arena_text(sources->texts, shown, PATH_MAX, &len);
	bool is_equal = found && strcmp(found, name) == 0;
	free(found);
	return is_equal;
}

uint32_t scope_shown_name(const struct scope_sources *sources, uint32_t filename)
{
	/* Equal texts have one number. */
	for (uint32_t i = sources->count; i-- > 0;) {
		const struct code *code = arena_element(sources->codes, sources->numbers[i]);
		if (code->filename == filename) {
			return code->qualname ? code->qualname : filename;
		}
	}
	return filename;
}

char *scope_source(const struct scope_sources *sources, const char *name, size_t *ret_len)
{
	for (uint32_t i = sources->count; i-- > 0;) {
		const struct code *code = arena_element(sources->codes, sources->numbers[i]);
		if (has_name(sources, code, name)) {
			return arena_text(sources->texts, code->text, SOURCE_FILE_BYTES_MAX,
					  ret_len);
		}
	}
	return NULL;
}

void scope_sources_done(struct scope_sources *sources)
{
	free(sources->numbers);
	sources->numbers = NULL;
	sources->count = 0;
}
