// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/stopped.h"

#include <string.h>

static uint32_t text_of(struct builder *builder, const struct remote_stacks *stacks,
			uint32_t offset)
{
	return builder_text(builder, remote_text(stacks, offset));
}

static uint32_t add_frame(struct builder *builder, const struct remote_stacks *stacks,
			  const struct remote_frame *frame)
{
	uint32_t file = text_of(builder, stacks, frame->file);
	uint32_t function = text_of(builder, stacks, frame->function);
	switch (frame->kind) {
	case REMOTE_NATIVE:
		return builder_unnamed(builder, builder_module(builder, file, function),
				       frame->address);
	case REMOTE_PYTHON:
		return builder_frame(builder, file, function, frame->line, 0);
	default:
		return builder_frame(builder, 0, function, 0, FRAME_LABEL);
	}
}

static uint32_t add_stack(struct builder *builder, const struct remote_stacks *stacks,
			  const struct remote_thread *thread)
{
	uint32_t node = 0;
	for (uint32_t i = 0; i < thread->frame_count && !builder->failed; i++) {
		const struct remote_frame *frame =
			remote_frame_at(stacks, thread->first_frame + i);
		node = builder_node(builder, node, add_frame(builder, stacks, frame));
	}
	return node;
}

void stopped_add(struct builder *builder, const struct remote_stacks *stacks, uint32_t pid)
{
	uint32_t count = stacks ? remote_thread_count(stacks) : 0;
	for (uint32_t i = 0; i < count && !builder->failed; i++) {
		const struct remote_thread *thread = remote_thread_at(stacks, i);
		uint32_t node = add_stack(builder, stacks, thread);
		if (!node) {
			continue;
		}
		builder_thread(builder, &(struct profile_thread){
			.pid = pid,
			.tid = thread->tid,
			.node = node,
			.flags = THREAD_STOPPED,
		});
		if (thread->tid == builder->profile->outcome.breach.tid) {
			builder->profile->breach_node = node;
		}
	}
}

bool stopped_has(const struct remote_stacks *stacks, uint32_t tid)
{
	uint32_t count = stacks ? remote_thread_count(stacks) : 0;
	for (uint32_t i = 0; i < count; i++) {
		if (remote_thread_at(stacks, i)->tid == tid) {
			return true;
		}
	}
	return false;
}
