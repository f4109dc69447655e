// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The profile.proto of pprof (github.com/google/pprof, proto/profile.proto), written by hand:
 * protocol buffers need varints and lengths, no more. A location per frame, a function per file and
 * name; six values per sample, the wanted one the default.
 */
#include "core/base/symbols.h"
#include "core/report/escape.h"
#include "core/report/gzip.h"
#include "core/report/report.h"
#include "core/report/stack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Field numbers of profile.proto. */
enum profile_field {
	PROFILE_SAMPLE_TYPE = 1,
	PROFILE_SAMPLE = 2,
	PROFILE_MAPPING = 3,
	PROFILE_LOCATION = 4,
	PROFILE_FUNCTION = 5,
	PROFILE_STRING = 6,
	PROFILE_TIME_NANOS = 9,
	PROFILE_DURATION_NANOS = 10,
	PROFILE_COMMENT = 13,
	PROFILE_DEFAULT_SAMPLE_TYPE = 14,
};
enum value_type_field { VALUE_TYPE_TYPE = 1, VALUE_TYPE_UNIT = 2 };
enum sample_field { SAMPLE_LOCATION_ID = 1, SAMPLE_VALUE = 2 };
enum mapping_field {
	MAPPING_ID = 1,
	MAPPING_FILENAME = 5,
	MAPPING_BUILD_ID = 6,
	MAPPING_HAS_FUNCTIONS = 7,
	MAPPING_HAS_FILENAMES = 8,
	MAPPING_HAS_LINE_NUMBERS = 9,
	MAPPING_HAS_INLINE_FRAMES = 10,
};
enum location_field {
	LOCATION_ID = 1,
	LOCATION_MAPPING_ID = 2,
	LOCATION_ADDRESS = 3,
	LOCATION_LINE = 4,
};
enum line_field { LINE_FUNCTION_ID = 1, LINE_LINE = 2 };
enum function_field {
	FUNCTION_ID = 1,
	FUNCTION_NAME = 2,
	FUNCTION_SYSTEM_NAME = 3,
	FUNCTION_FILENAME = 4,
};

/* Wire types of protocol buffers. */
#define WIRE_VARINT 0u
#define WIRE_BYTES 2u

/** Strings of the string table that are the same in every profile. */
enum fixed_string {
	STRING_EMPTY = 0,
	STRING_BYTES,
	STRING_COUNT,
	STRING_PEAK_SPACE,
	STRING_PEAK_OBJECTS,
	STRING_END_SPACE,
	STRING_END_OBJECTS,
	STRING_ALLOC_SPACE,
	STRING_ALLOC_OBJECTS,
	STRING_MAKER,
	STRING_COMMAND,
	STRING_FIRST_NAME, /* then two for each function: name, file; and for each module */
};

static const char *const fixed_strings[STRING_MAKER] = {
	"", "bytes", "count", "peak_space", "peak_objects", "end_space", "end_objects",
	"alloc_space", "alloc_objects",
};

/** Bytes of a message that is being made. */
struct message {
	unsigned char *bytes;
	size_t len;
	size_t capacity;
	bool failed;
};

struct pprof {
	struct gzip gzip;
	const struct profile *profile;
	const struct report_options *options;
	struct message message;
	struct message part;
	/** By frame: the number of its function, from 1. */
	uint32_t *function_of;
	uint32_t function_count;
	struct report_stack stack;
};

static void put(struct message *message, const void *bytes, size_t len)
{
	if (len > message->capacity - message->len) {
		size_t capacity = (message->len + len) * 2;
		unsigned char *more = message->failed ? NULL : realloc(message->bytes, capacity);
		if (!more) {
			message->failed = true;
			return;
		}
		message->bytes = more;
		message->capacity = capacity;
	}
	memcpy(message->bytes + message->len, bytes, len);
	message->len += len;
}

static void put_varint(struct message *message, uint64_t value)
{
	unsigned char bytes[10];
	size_t len = 0;
	do {
		bytes[len++] = (unsigned char)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
		value >>= 7;
	} while (value);
	put(message, bytes, len);
}

static void put_number(struct message *message, unsigned field, uint64_t value)
{
	put_varint(message, field << 3 | WIRE_VARINT);
	put_varint(message, value);
}

static void put_bytes(struct message *message, unsigned field, const void *bytes, size_t len)
{
	put_varint(message, field << 3 | WIRE_BYTES);
	put_varint(message, len);
	put(message, bytes, len);
}

/** Put part as a field of message and empty it. */
static void put_part(struct message *message, unsigned field, struct message *part)
{
	put_bytes(message, field, part->bytes ? part->bytes : (const void *)"", part->len);
	message->failed |= part->failed;
	part->len = 0;
}

/** Send a field of the profile, made in pprof->message. */
static void send_message(struct pprof *pprof, unsigned field)
{
	put_part(&pprof->part, field, &pprof->message);
	gzip_write(&pprof->gzip, pprof->part.bytes, pprof->part.len);
	pprof->part.len = 0;
}

static void send_number(struct pprof *pprof, unsigned field, uint64_t value)
{
	put_number(&pprof->part, field, value);
	gzip_write(&pprof->gzip, pprof->part.bytes, pprof->part.len);
	pprof->part.len = 0;
}

/** Strings must be UTF-8: what is not, and what would act on a terminal, is made visible. */
static void send_string(struct pprof *pprof, const char *text)
{
	char *escaped = NULL;
	size_t len;
	FILE *memory = open_memstream(&escaped, &len);
	if (!memory) {
		pprof->message.failed = true;
		return;
	}
	escape_text(memory, ESCAPE_TERMINAL, text);
	if (fclose(memory) == 0) {
		put_bytes(&pprof->part, PROFILE_STRING, escaped, len);
		gzip_write(&pprof->gzip, pprof->part.bytes, pprof->part.len);
		pprof->part.len = 0;
	} else {
		pprof->message.failed = true;
	}
	free(escaped);
}

static void send_value_type(struct pprof *pprof, uint32_t type, uint32_t unit)
{
	put_number(&pprof->message, VALUE_TYPE_TYPE, type);
	put_number(&pprof->message, VALUE_TYPE_UNIT, unit);
	send_message(pprof, PROFILE_SAMPLE_TYPE);
}

static void send_value_types(struct pprof *pprof)
{
	for (uint32_t type = STRING_PEAK_SPACE; type <= STRING_ALLOC_SPACE; type += 2) {
		send_value_type(pprof, type + 1, STRING_COUNT);
		send_value_type(pprof, type, STRING_BYTES);
	}
	send_number(pprof, PROFILE_DEFAULT_SAMPLE_TYPE,
		    STRING_PEAK_SPACE + 2 * (uint64_t)pprof->options->of);
}

static void send_sample(struct pprof *pprof, const struct profile_entry *entry)
{
	struct message *message = &pprof->message;
	for (uint32_t i = pprof->stack.count; i > 0; i--) {
		put_varint(&pprof->part, (uint64_t)pprof->stack.frames[i - 1] + 1);
	}
	put_part(message, SAMPLE_LOCATION_ID, &pprof->part);
	for (enum measure of = MEASURE_PEAK; of <= MEASURE_TOTAL; of++) {
		put_varint(&pprof->part, profile_entry_blocks(entry, of));
		put_varint(&pprof->part, profile_entry_bytes(entry, of));
	}
	put_part(message, SAMPLE_VALUE, &pprof->part);
	send_message(pprof, PROFILE_SAMPLE);
}

static int send_samples(struct pprof *pprof)
{
	for (uint32_t i = 0; i < pprof->profile->entry_count; i++) {
		const struct profile_entry *entry = &pprof->profile->entries[i];
		if (report_stack_load(&pprof->stack, pprof->profile, entry->node)) {
			return -1;
		}
		send_sample(pprof, entry);
	}
	return 0;
}

/** Modules, at address 0: addresses are those that their own symbols have. */
static void send_mappings(struct pprof *pprof)
{
	uint64_t name = STRING_FIRST_NAME + 2 * (uint64_t)pprof->function_count;
	for (uint32_t i = 0; i < pprof->profile->module_count; i++, name += 2) {
		uint32_t state = pprof->profile->modules[i].state;
		bool has_lines = state == SYMBOLS_FULL;
		put_number(&pprof->message, MAPPING_ID, (uint64_t)i + 1);
		put_number(&pprof->message, MAPPING_FILENAME, name);
		put_number(&pprof->message, MAPPING_BUILD_ID, name + 1);
		put_number(&pprof->message, MAPPING_HAS_FUNCTIONS,
			   has_lines || state == SYMBOLS_NAMES);
		put_number(&pprof->message, MAPPING_HAS_FILENAMES, has_lines);
		put_number(&pprof->message, MAPPING_HAS_LINE_NUMBERS, has_lines);
		put_number(&pprof->message, MAPPING_HAS_INLINE_FRAMES, has_lines);
		send_message(pprof, PROFILE_MAPPING);
	}
}

static void send_locations(struct pprof *pprof)
{
	for (uint32_t i = 0; i < pprof->profile->frame_count; i++) {
		const struct profile_frame *frame = &pprof->profile->frames[i];
		put_number(&pprof->message, LOCATION_ID, (uint64_t)i + 1);
		if (frame->module) {
			put_number(&pprof->message, LOCATION_MAPPING_ID, frame->module);
			put_number(&pprof->message, LOCATION_ADDRESS, frame->address);
		}
		put_number(&pprof->part, LINE_FUNCTION_ID, pprof->function_of[i]);
		put_number(&pprof->part, LINE_LINE, frame->line);
		put_part(&pprof->message, LOCATION_LINE, &pprof->part);
		send_message(pprof, PROFILE_LOCATION);
	}
}

static void send_functions(struct pprof *pprof)
{
	for (uint32_t i = 0; i < pprof->function_count; i++) {
		uint32_t name = STRING_FIRST_NAME + 2 * i;
		put_number(&pprof->message, FUNCTION_ID, (uint64_t)i + 1);
		put_number(&pprof->message, FUNCTION_NAME, name);
		put_number(&pprof->message, FUNCTION_SYSTEM_NAME, name);
		put_number(&pprof->message, FUNCTION_FILENAME, (uint64_t)name + 1);
		send_message(pprof, PROFILE_FUNCTION);
	}
}

static int compare_functions(const void *a, const void *b, void *context)
{
	const struct profile_frame *frames = context;
	const struct profile_frame *x = &frames[*(const uint32_t *)a];
	const struct profile_frame *y = &frames[*(const uint32_t *)b];
	if (x->file != y->file) {
		return x->file < y->file ? -1 : 1;
	}
	return x->function < y->function ? -1 : x->function > y->function;
}

/**
 * Number the functions; *ret_order receives all frames in the order of their functions, for
 * send_strings.
 */
static int number_functions(struct pprof *pprof, uint32_t **ret_order)
{
	struct profile_frame *frames = pprof->profile->frames;
	uint32_t count = pprof->profile->frame_count;
	uint32_t *order = calloc((size_t)count + 1, sizeof(*order));
	pprof->function_of = calloc((size_t)count + 1, sizeof(*pprof->function_of));
	if (!order || !pprof->function_of) {
		free(order);
		return -1;
	}
	for (uint32_t i = 0; i < count; i++) {
		order[i] = i;
	}
	qsort_r(order, count, sizeof(*order), compare_functions, frames);
	for (uint32_t i = 0; i < count; i++) {
		if (i == 0 || compare_functions(&order[i - 1], &order[i], frames) != 0) {
			pprof->function_count++;
		}
		pprof->function_of[order[i]] = pprof->function_count;
	}
	*ret_order = order;
	return 0;
}

static void send_strings(struct pprof *pprof, const uint32_t *order)
{
	const struct profile *profile = pprof->profile;
	char maker[128];
	snprintf(maker, sizeof(maker), "made by fil-profile %.64s",
		 profile_string(profile, profile->tool_version));
	for (uint32_t i = 0; i < STRING_MAKER; i++) {
		send_string(pprof, fixed_strings[i]);
	}
	send_string(pprof, maker);
	send_string(pprof, profile_string(profile, profile->command));
	for (uint32_t i = 0; i < profile->frame_count; i++) {
		const struct profile_frame *frame = &profile->frames[order[i]];
		if (i == 0 || pprof->function_of[order[i]] != pprof->function_of[order[i - 1]]) {
			send_string(pprof, profile_string(profile, frame->function));
			send_string(pprof, profile_string(profile, frame->file));
		}
	}
	for (uint32_t i = 0; i < profile->module_count; i++) {
		send_string(pprof, profile_string(profile, profile->modules[i].path));
		send_string(pprof, profile_string(profile, profile->modules[i].build_id));
	}
}

static int send_profile(struct pprof *pprof, FILE *out)
{
	const struct outcome *outcome = &pprof->profile->outcome;
	uint32_t *order;
	if (number_functions(pprof, &order)) {
		return -1;
	}
	gzip_begin(&pprof->gzip, out);
	send_value_types(pprof);
	int result = send_samples(pprof);
	send_mappings(pprof);
	send_locations(pprof);
	send_functions(pprof);
	send_strings(pprof, order);
	send_number(pprof, PROFILE_TIME_NANOS, (uint64_t)outcome->start_unix_ms * 1000000);
	send_number(pprof, PROFILE_DURATION_NANOS, (uint64_t)outcome->duration_ms * 1000000);
	send_number(pprof, PROFILE_COMMENT, STRING_MAKER);
	send_number(pprof, PROFILE_COMMENT, STRING_COMMAND);
	gzip_end(&pprof->gzip);
	free(order);
	if (pprof->message.failed || pprof->part.failed) {
		errno = ENOMEM;
		return -1;
	}
	return result || ferror(out) ? -1 : 0;
}

int report_write_pprof(FILE *out, const struct profile *profile,
		       const struct report_options *options)
{
	struct pprof *pprof = calloc(1, sizeof(*pprof));
	if (!pprof) {
		return -1;
	}
	pprof->profile = profile;
	pprof->options = options;
	int result = send_profile(pprof, out);
	report_stack_done(&pprof->stack);
	free(pprof->function_of);
	free(pprof->message.bytes);
	free(pprof->part.bytes);
	free(pprof);
	return result;
}
