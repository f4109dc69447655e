// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Reading the stacks: registers here, all else in a child. */
#include "core/host/bounded.h"
#include "core/host/fd.h"
#include "core/host/proc.h"
#include "core/remote/mix.h"
#include "core/remote/registers.h"
#include "core/remote/stacks.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define LABEL_NO_FILE "[machine code without a file]"
/** More text is not taken. */
#define TEXT_BYTES_MAX ((size_t)64 << 20)

static const struct bounds bounds = {
	.memory_bytes = (rlim_t)1 << 30,
	.cpu_seconds = 3,
	.silence_ms = 5000,
	.answer_bytes = (size_t)256 << 20,
};

struct reader {
	const char *proc_root;
	pid_t pid;
	uint64_t hook_python;
	int memory_fd;
	const struct buffer *registers;

	struct remote_memory *memory;
	struct remote_objects objects;
	struct remote_python python;
	bool has_python;
	struct remote_python_stack python_stack;
	struct native_place *places;
	struct buffer mixed;
	struct remote_stacks stacks;
};

/* ---- texts ---- */

/** Offset of a text; of none, if there are too many. */
static uint32_t add_text(struct reader *reader, const char *text, size_t len)
{
	struct buffer *texts = &reader->stacks.texts;
	uint32_t offset = (uint32_t)texts->len;
	if (texts->len + len >= TEXT_BYTES_MAX) {
		return UINT32_MAX;
	}
	buffer_append(texts, text, len);
	buffer_append_char(texts, 0);
	return offset;
}

static uint32_t add_build_id(struct reader *reader, const struct remote_object *object)
{
	static const char digits[] = "0123456789abcdef";
	char text[2 * REMOTE_BUILD_ID_MAX];
	for (uint32_t i = 0; i < object->build_id_bytes; i++) {
		text[2 * i] = digits[object->build_id[i] >> 4];
		text[2 * i + 1] = digits[object->build_id[i] & 0xf];
	}
	return add_text(reader, text, 2 * object->build_id_bytes);
}

/* ---- frames ---- */

static struct remote_frame native_frame(struct reader *reader, const struct native_place *place)
{
	if (!place->object) {
		return (struct remote_frame){
			.kind = REMOTE_LABEL,
			.function = add_text(reader, LABEL_NO_FILE, strlen(LABEL_NO_FILE)),
		};
	}
	const char *path = remote_object_path(&reader->objects, place->object);
	return (struct remote_frame){
		.kind = REMOTE_NATIVE,
		.file = add_text(reader, path, strlen(path)),
		.function = add_build_id(reader, place->object),
		.address = place->address - place->object->bias,
	};
}

static struct remote_frame python_frame(struct reader *reader,
					const struct remote_python_frame *frame)
{
	cleanup_buffer struct buffer file = { 0 };
	cleanup_buffer struct buffer function = { 0 };
	struct remote_frame shown = { .kind = REMOTE_PYTHON };
	if (!remote_python_describe(&reader->python, frame, &file, &function, &shown.line)) {
		buffer_clear(&file);
		buffer_clear(&function);
	}
	shown.file = add_text(reader, buffer_text(&file), strlen(buffer_text(&file)));
	shown.function = add_text(reader, buffer_text(&function), strlen(buffer_text(&function)));
	return shown;
}

/** Our own code lies around what the hook knows. */
static bool is_of_hook(const struct reader *reader, const struct mixed_frame *mixed)
{
	return !mixed->is_python && reader->hook_python
		&& reader->places[mixed->index].object
		== remote_object_at(&reader->objects, reader->hook_python);
}

static void add_frames(struct reader *reader)
{
	const struct mixed_frame *mixed = (const void *)reader->mixed.data;
	const struct remote_python_frame *python = (const void *)reader->python_stack.frames.data;
	for (size_t i = 0; i < reader->mixed.len / sizeof(*mixed); i++) {
		if (is_of_hook(reader, &mixed[i])) {
			continue;
		}
		struct remote_frame frame = mixed[i].is_python
			? python_frame(reader, &python[mixed[i].index])
			: native_frame(reader, &reader->places[mixed[i].index]);
		buffer_append(&reader->stacks.frames, &frame, sizeof(frame));
	}
}

static uint32_t frame_count(const struct reader *reader)
{
	return (uint32_t)(reader->stacks.frames.len / sizeof(struct remote_frame));
}

static void add_thread(struct reader *reader, const struct remote_registers *registers)
{
	bool is_whole;
	struct remote_thread thread = {
		.tid = (uint32_t)registers->tid,
		.is_in_call = machine_is_in_call(&registers->machine),
		.first_frame = frame_count(reader),
	};
	size_t count = remote_unwind(reader->memory, &reader->objects, &registers->machine,
				     reader->places, &is_whole);
	if (reader->has_python) {
		remote_python_read(&reader->python, machine_thread_pointer(&registers->machine),
				   &reader->python_stack);
	}
	buffer_clear(&reader->mixed);
	remote_mix(reader->places, count, &reader->python, &reader->python_stack, &reader->mixed);
	add_frames(reader);
	thread.frame_count = frame_count(reader) - thread.first_frame;
	buffer_append(&reader->stacks.threads, &thread, sizeof(thread));
}

/** In the child; what it has is the kernel's to take back. */
static void read_in_child(void *context, int fd)
{
	struct reader *reader = context;
	const struct remote_registers *registers = (const void *)reader->registers->data;
	cleanup_buffer struct buffer packed = { 0 };
	reader->memory = remote_memory_new(reader->memory_fd);
	reader->places = calloc(REMOTE_FRAMES_MAX, sizeof(*reader->places));
	if (!reader->memory || !reader->places
	    || !remote_objects_read(reader->proc_root, reader->pid, reader->memory,
				    &reader->objects)) {
		return;
	}
	reader->has_python =
		remote_python_open(&reader->python, reader->memory, reader->hook_python);
	for (size_t i = 0; i < reader->registers->len / sizeof(*registers); i++) {
		add_thread(reader, &registers[i]);
	}
	remote_stacks_pack(&reader->stacks, &packed);
	(void)fd_write_all(fd, packed.data, packed.len);
}

bool remote_stacks_read(const char *proc_root, pid_t pid, uint64_t hook_python,
			struct remote_stacks *ret)
{
	char path[PROC_PATH_MAX];
	cleanup_buffer struct buffer registers = { 0 };
	cleanup_buffer struct buffer answer = { 0 };
	cleanup_fd int memory_fd = -1;
	*ret = (struct remote_stacks){ 0 };
	if (!proc_path(path, sizeof(path), proc_root, pid, "mem")) {
		return false;
	}
	/* Opened here: a child of ours may not be permitted to. */
	memory_fd = open(path, O_RDONLY | O_CLOEXEC);
	remote_registers_read(proc_root, pid, &registers);
	struct reader reader = {
		.proc_root = proc_root,
		.pid = pid,
		.hook_python = hook_python,
		.memory_fd = memory_fd,
		.registers = &registers,
	};
	return memory_fd >= 0 && registers.len
		&& bounded_run(&bounds, read_in_child, &reader, &answer) == 0
		&& remote_stacks_unpack(answer.data, answer.len, ret);
}
