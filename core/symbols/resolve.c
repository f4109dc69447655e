// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/symbols/resolve.h"

#include "core/host/bounded.h"
#include "core/host/buffer.h"
#include "core/host/fd.h"
#include "core/symbols/module_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/**
 * What one module may take. libLLVM's debug file, 500 MB, takes about 2 GiB; debuginfod may have to
 * download; of names with 4 KiB each there is room for 65,536.
 */
static const struct bounds bounds = {
	.memory_bytes = (rlim_t)3 << 30,
	.cpu_seconds = 30,
	.silence_ms = 100000,
	.answer_bytes = (size_t)256 << 20,
};

#define TEXT_BYTES_MAX 4096u
#define FRAMES_MAX 1024u
/** The child sends what has gathered. */
#define SEND_BYTES 4096u

/*
 * The answer: u32 state, u32 is_program, then for each address u32 count and count frames, each a
 * head and two texts with a NUL behind them.
 */
struct frame_head {
	uint32_t line;
	uint32_t function_bytes;
	uint32_t file_bytes;
};

/* ---- the child ---- */

struct sender {
	int fd;
	struct buffer pending;
};

static void send_pending(struct sender *sender)
{
	if (buffer_failed(&sender->pending)
	    || fd_write_all(sender->fd, buffer_text(&sender->pending), sender->pending.len)) {
		_exit(1);
	}
	buffer_clear(&sender->pending);
}

static void send_state(void *context, enum symbols_state state, bool is_program)
{
	struct sender *sender = context;
	uint32_t numbers[2] = { state, is_program };
	buffer_append(&sender->pending, numbers, sizeof(numbers));
}

static void send_frame(struct buffer *to, const struct symbol_frame *frame)
{
	struct frame_head head = {
		.line = frame->line,
		.function_bytes = (uint32_t)strnlen(frame->function, TEXT_BYTES_MAX),
		.file_bytes = (uint32_t)strnlen(frame->file, TEXT_BYTES_MAX),
	};
	buffer_append(to, &head, sizeof(head));
	buffer_append(to, frame->function, head.function_bytes);
	buffer_append_char(to, '\0');
	buffer_append(to, frame->file, head.file_bytes);
	buffer_append_char(to, '\0');
}

static void send_frames(void *context, const struct symbol_frame *frames, uint32_t count)
{
	struct sender *sender = context;
	buffer_append(&sender->pending, &count, sizeof(count));
	for (uint32_t i = 0; i < count; i++) {
		send_frame(&sender->pending, &frames[i]);
	}
	if (sender->pending.len >= SEND_BYTES) {
		send_pending(sender);
	}
}

static void read_in_child(void *context, int fd)
{
	struct sender sender = { .fd = fd };
	struct module_sink sink = {
		.context = &sender, .state = send_state, .frames = send_frames
	};
	module_read(context, &sink);
	send_pending(&sender);
}

/* ---- the parent ---- */

/** What is left of the answer. */
struct cursor {
	const char *at;
	const char *end;
};

static bool take(struct cursor *cursor, void *ret_bytes, size_t len)
{
	if (!cursor->at || (size_t)(cursor->end - cursor->at) < len) {
		return false;
	}
	memcpy(ret_bytes, cursor->at, len);
	cursor->at += len;
	return true;
}

/** A text of len bytes and its NUL; NULL if it is not there, or has another NUL in it. */
static const char *take_text(struct cursor *cursor, uint32_t len)
{
	const char *text = cursor->at;
	if (len > TEXT_BYTES_MAX || (size_t)(cursor->end - text) <= len
	    || memchr(text, '\0', (size_t)len + 1) != text + len) {
		return NULL;
	}
	cursor->at += len + 1;
	return text;
}

static bool take_frame(struct cursor *cursor, struct symbol_frame *ret_frame)
{
	struct frame_head head;
	if (!take(cursor, &head, sizeof(head)) || head.line > INT32_MAX) {
		return false;
	}
	ret_frame->line = head.line;
	ret_frame->function = take_text(cursor, head.function_bytes);
	ret_frame->file = ret_frame->function ? take_text(cursor, head.file_bytes) : NULL;
	return ret_frame->file;
}

static bool take_address(struct cursor *cursor, struct symbols *symbols, size_t capacity)
{
	uint32_t count;
	uint32_t before = symbols->frame_count;
	if (!take(cursor, &count, sizeof(count)) || count > FRAMES_MAX
	    || count > capacity - before) {
		return false;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (!take_frame(cursor, &symbols->frames[before + i])) {
			return false;
		}
	}
	symbols->frame_count = before + count;
	return true;
}

int symbols_parse(char *bytes, size_t len, uint32_t count, struct symbols *ret_symbols)
{
	struct cursor cursor = { bytes, bytes + len };
	/* No frame takes less: more than that are not in it. */
	size_t capacity = len / (sizeof(struct frame_head) + 2);
	uint32_t head[2] = { SYMBOLS_READER_DIED, 0 };
	bool is_whole = take(&cursor, head, sizeof(head)) && head[0] < SYMBOLS_STATE_COUNT
		&& head[1] <= 1;
	*ret_symbols = (struct symbols){ .bytes = bytes };
	ret_symbols->first = calloc((size_t)count + 1, sizeof(*ret_symbols->first));
	ret_symbols->frames = calloc(capacity + 1, sizeof(*ret_symbols->frames));
	if (!ret_symbols->first || !ret_symbols->frames) {
		errno = ENOMEM;
		return -1;
	}
	for (uint32_t i = 0; i < count; i++) {
		is_whole = is_whole && take_address(&cursor, ret_symbols, capacity);
		ret_symbols->first[i + 1] = ret_symbols->frame_count;
	}
	ret_symbols->state = is_whole ? head[0] : SYMBOLS_READER_DIED;
	ret_symbols->is_program = is_whole && head[1];
	return 0;
}

int symbols_resolve(const struct symbols_request *request, struct symbols *ret_symbols)
{
	struct buffer answer = { 0 };
	*ret_symbols = (struct symbols){ 0 };
	if (bounded_run(&bounds, read_in_child, (void *)request, &answer) != 0) {
		return -1;
	}
	return symbols_parse(answer.data, answer.len, request->count, ret_symbols);
}

void symbols_done(struct symbols *symbols)
{
	free(symbols->first);
	free(symbols->frames);
	free(symbols->bytes);
	*symbols = (struct symbols){ 0 };
}
