// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/base/attributes.h"
#include "core/capture/capture.h"
#include "core/capture/elements.h"
#include "core/capture/format.h"
#include "core/capture/inflate.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** No element of any version is larger. */
#define ELEMENT_BYTES_MAX ((uint32_t)1 << 20)
#define SECTIONS_MAX 32u

struct reader {
	struct inflate inflate;
	struct elements elements;
	struct capture_error *error;
	/** The section being read, as people may see it; "" before the first. */
	char section[8];
	/** By element_sections: it has been read. */
	bool seen[SECTIONS_MAX];
};

static attr_printf(2, 3) bool refuse(struct reader *reader, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(reader->error->message, sizeof(reader->error->message), format, args);
	va_end(args);
	return false;
}

static bool refuse_inflate(struct reader *reader, enum inflate_result result)
{
	const char *in = reader->section[0] ? ", in section " : "";
	uint64_t at = reader->inflate.in_bytes;
	switch (result) {
	case INFLATE_EMPTY:
		return refuse(reader, "the file is empty");
	case INFLATE_FOREIGN:
		return refuse(reader, "not a fil-profile capture (it does not begin as one)");
	case INFLATE_TRUNCATED:
		return refuse(reader, "cut short: it ends after %" PRIu64 " bytes%s%s", at, in,
			      reader->section);
	case INFLATE_DAMAGED:
		return refuse(reader, "damaged: it cannot be decompressed at about byte %" PRIu64
				      "%s%s", at, in, reader->section);
	case INFLATE_TOO_LARGE:
		return refuse(reader, "damaged: its first %" PRIu64 " bytes decompress to more "
				      "than a capture holds%s%s", at, in, reader->section);
	case INFLATE_SHORT:
		return refuse(reader, "damaged: its content ends early%s%s", in, reader->section);
	case INFLATE_OK:
	case INFLATE_FAILED:
		break;
	}
	return refuse(reader, "cannot be read: %s", strerror(errno));
}

static bool read_bytes(struct reader *reader, void *ret_bytes, size_t len)
{
	enum inflate_result result = inflate_read(&reader->inflate, ret_bytes, len);
	return result == INFLATE_OK ? true : refuse_inflate(reader, result);
}

static bool read_header(struct reader *reader)
{
	struct wire_header header;
	enum inflate_result result = inflate_read(&reader->inflate, &header, sizeof(header));
	if (result == INFLATE_SHORT || (result == INFLATE_OK
	    && memcmp(header.magic, CAPTURE_MAGIC, sizeof(header.magic)) != 0)) {
		return refuse(reader, "not a fil-profile capture (compressed, but not by us)");
	}
	if (result != INFLATE_OK) {
		return refuse_inflate(reader, result);
	}
	if (header.major != CAPTURE_MAJOR) {
		return refuse(reader, "of format %u.%u, this fil-profile reads %u.x: use the "
				      "version that wrote it, or a newer one",
			      header.major, header.minor, CAPTURE_MAJOR);
	}
	return true;
}

/** The row of element_sections for a tag, or the closing one. */
static const struct element_section *find_section(const char tag[4])
{
	const struct element_section *section = element_sections;
	while (section->tag && memcmp(section->tag, tag, 4) != 0) {
		section++;
	}
	return section;
}

/** Take the elements of a section (unknown: take is NULL) and check its sum. */
static bool read_elements(struct reader *reader, const struct wire_section *head,
			  elements_take *take)
{
	uint64_t block_bytes = wire_block_bytes(head->element_bytes);
	uint64_t per_block = block_bytes / head->element_bytes;
	uint64_t sum = wire_checksum_begin(head);
	uint64_t expected;
	char *elements = malloc(2 * block_bytes);
	char *block = elements + block_bytes;
	bool good = elements != NULL;
	if (!elements) {
		return refuse(reader, "cannot be read: %s", strerror(ENOMEM));
	}
	for (uint64_t left = head->count; good && left;) {
		uint64_t count = left < per_block ? left : per_block;
		good = read_bytes(reader, block, count * head->element_bytes);
		if (good) {
			wire_transpose(block, head->element_bytes, count, elements);
		}
		if (good && take) {
			take(&reader->elements, elements, head->element_bytes, count);
			good = !reader->elements.no_memory
				|| refuse(reader, "cannot be read: %s", strerror(ENOMEM));
		}
		if (good) {
			sum = wire_checksum_block(sum, elements, count * head->element_bytes);
		}
		left -= count;
	}
	free(elements);
	if (!good || !read_bytes(reader, &expected, sizeof(expected))) {
		return false;
	}
	if (sum != expected) {
		return refuse(reader, "damaged: the checksum of section %s is wrong",
			      reader->section);
	}
	return true;
}

static void name_section(struct reader *reader, const struct wire_section *head)
{
	for (int i = 0; i < 4; i++) {
		char c = head->tag[i];
		reader->section[i] = c > ' ' && c < 0x7f ? c : '?';
	}
	reader->section[4] = '\0';
}

/** Read one section; *ret_end is set if it was the last. */
static bool read_section(struct reader *reader, bool *ret_end)
{
	struct wire_section head;
	if (!read_bytes(reader, &head, sizeof(head))) {
		return false;
	}
	name_section(reader, &head);
	const struct element_section *known = find_section(head.tag);
	bool *seen = &reader->seen[known - element_sections];
	*ret_end = memcmp(head.tag, TAG_END, sizeof(head.tag)) == 0;
	if (head.element_bytes == 0 || head.element_bytes > ELEMENT_BYTES_MAX
	    || (known->tag && (head.element_bytes < known->element_bytes_min
			       || head.count >= UINT32_MAX))) {
		return refuse(reader, "damaged: section %s says %" PRIu64 " elements of %" PRIu32
				      " bytes", reader->section, head.count, head.element_bytes);
	}
	if (known->tag && *seen) {
		return refuse(reader, "damaged: section %s is there twice", reader->section);
	}
	*seen = true;
	reader->elements.capacity = 0;
	return read_elements(reader, &head, known->take);
}

static bool read_sections(struct reader *reader)
{
	for (bool end = false; !end;) {
		if (!read_section(reader, &end)) {
			return false;
		}
	}
	enum inflate_result result = inflate_expect_end(&reader->inflate);
	if (result != INFLATE_OK) {
		return result == INFLATE_DAMAGED
			? refuse(reader, "damaged: something follows its end, or its checksum "
					 "is wrong")
			: refuse_inflate(reader, result);
	}
	for (const struct element_section *section = element_sections; section->tag; section++) {
		if (section->required && !reader->seen[section - element_sections]) {
			return refuse(reader, "damaged: section %s is missing", section->tag);
		}
	}
	return true;
}

static struct profile *read_capture(struct reader *reader, enum inflate_result start)
{
	struct elements *elements = &reader->elements;
	memset(elements->columns, -1, sizeof(elements->columns));
	elements->profile = calloc(1, sizeof(*elements->profile));
	bool good = start == INFLATE_OK || refuse_inflate(reader, start);
	if (good && !elements->profile) {
		good = refuse(reader, "cannot be read: %s", strerror(ENOMEM));
	}
	good = good && read_header(reader) && read_sections(reader);
	if (good) {
		elements_check(elements);
		good = !elements->problem[0] || refuse(reader, "damaged: %s", elements->problem);
		good = good && (!elements->no_memory
				|| refuse(reader, "cannot be read: %s", strerror(ENOMEM)));
	}
	inflate_done(&reader->inflate);
	if (!good) {
		profile_free(elements->profile);
		return NULL;
	}
	return elements->profile;
}

struct profile *capture_read(int fd, struct capture_error *ret_error)
{
	struct reader reader = { .error = ret_error };
	return read_capture(&reader, inflate_init_fd(&reader.inflate, fd));
}

struct profile *capture_read_memory(const void *data, size_t len, struct capture_error *ret_error)
{
	struct reader reader = { .error = ret_error };
	return read_capture(&reader, inflate_init_memory(&reader.inflate, data, len));
}
