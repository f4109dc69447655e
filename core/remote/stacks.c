// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/remote/stacks.h"

#include <string.h>

/** What goes before the bytes of the three parts. */
struct head {
	uint64_t threads_bytes;
	uint64_t frames_bytes;
	uint64_t texts_bytes;
};

static uint32_t frame_count(const struct remote_stacks *stacks)
{
	return (uint32_t)(stacks->frames.len / sizeof(struct remote_frame));
}

uint32_t remote_thread_count(const struct remote_stacks *stacks)
{
	return (uint32_t)(stacks->threads.len / sizeof(struct remote_thread));
}

const struct remote_thread *remote_thread_at(const struct remote_stacks *stacks, uint32_t i)
{
	return (const struct remote_thread *)stacks->threads.data + i;
}

const struct remote_frame *remote_frame_at(const struct remote_stacks *stacks, uint32_t i)
{
	return (const struct remote_frame *)stacks->frames.data + i;
}

const char *remote_text(const struct remote_stacks *stacks, uint32_t offset)
{
	return offset < stacks->texts.len ? stacks->texts.data + offset : "";
}

uint32_t remote_busy_thread(const struct remote_stacks *stacks)
{
	uint32_t busy = 0;
	uint32_t count = remote_thread_count(stacks);
	for (uint32_t i = 0; i < count; i++) {
		const struct remote_thread *thread = remote_thread_at(stacks, i);
		if (thread->is_in_call && count > 1) {
			continue;
		}
		if (busy) {
			return 0;
		}
		busy = thread->tid;
	}
	return busy;
}

void remote_stacks_done(struct remote_stacks *stacks)
{
	buffer_done(&stacks->threads);
	buffer_done(&stacks->frames);
	buffer_done(&stacks->texts);
}

void remote_stacks_pack(const struct remote_stacks *stacks, struct buffer *packed)
{
	struct head head = { stacks->threads.len, stacks->frames.len, stacks->texts.len };
	buffer_append(packed, &head, sizeof(head));
	buffer_append(packed, stacks->threads.data, stacks->threads.len);
	buffer_append(packed, stacks->frames.data, stacks->frames.len);
	buffer_append(packed, stacks->texts.data, stacks->texts.len);
}

static bool are_consistent(const struct remote_stacks *stacks)
{
	uint32_t frames = frame_count(stacks);
	for (uint32_t i = 0; i < remote_thread_count(stacks); i++) {
		const struct remote_thread *thread = remote_thread_at(stacks, i);
		if (thread->first_frame > frames
		    || thread->frame_count > frames - thread->first_frame) {
			return false;
		}
	}
	/* A text may begin anywhere, and has to end. */
	return !stacks->texts.len || !stacks->texts.data[stacks->texts.len - 1];
}

bool remote_stacks_unpack(const char *bytes, size_t len, struct remote_stacks *ret)
{
	struct head head;
	*ret = (struct remote_stacks){ 0 };
	if (len < sizeof(head)) {
		return false;
	}
	memcpy(&head, bytes, sizeof(head));
	len -= sizeof(head);
	if (head.threads_bytes > len || head.frames_bytes > len || head.texts_bytes > len
	    || head.threads_bytes + head.frames_bytes + head.texts_bytes != len
	    || head.threads_bytes % sizeof(struct remote_thread)
	    || head.frames_bytes % sizeof(struct remote_frame)) {
		return false;
	}
	bytes += sizeof(head);
	buffer_append(&ret->threads, bytes, head.threads_bytes);
	buffer_append(&ret->frames, bytes + head.threads_bytes, head.frames_bytes);
	buffer_append(&ret->texts, bytes + head.threads_bytes + head.frames_bytes,
		      head.texts_bytes);
	if (buffer_failed(&ret->threads) || buffer_failed(&ret->frames)
	    || buffer_failed(&ret->texts) || !are_consistent(ret)) {
		remote_stacks_done(ret);
		return false;
	}
	return true;
}
