// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Where CPython keeps what a stack reader needs: one row of offsets per version, chosen once.
 *
 * Sources: offsetof over each version's own headers (Include/cpython/frameobject.h and code.h up to
 * 3.10, Include/internal/pycore_frame.h and Include/cpython/code.h from 3.11), the same for x86-64
 * and aarch64, shared and static, release and Py_DEBUG builds. From 3.13 on the interpreter
 * publishes them itself: struct _Py_DebugOffsets, the first bytes of _PyRuntime
 * (Include/internal/pycore_debug_offsets.h).
 */
#ifndef CORE_STACK_PYTHON_LAYOUT_H
#define CORE_STACK_PYTHON_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/python.h"

/** An offset of a field that a version does not have. */
#define PYTHON_NO_FIELD 0xffffu

/** PY_VERSION_HEX of the first version 3.minor. */
#define PYTHON_VERSION(minor) (0x03000000u | (uint32_t)(minor) << 16)

/** How a frame says which instruction it is at. */
enum python_instruction_form {
	PYTHON_INSTRUCTION_BYTES,   /* int: byte offset in the code, -1 before the first */
	PYTHON_INSTRUCTION_UNITS,   /* int: offset in 2-byte units */
	PYTHON_INSTRUCTION_POINTER, /* address in the code object's bytecode, or a thread's copy */
};

/** Which of the loops that have their offsets compiled in fits (python_walk.c). */
enum python_shape {
	PYTHON_SHAPE_ANY, /* none: offsets are read from the layout */
	PYTHON_SHAPE_3_9,
	PYTHON_SHAPE_3_10,
	PYTHON_SHAPE_3_11,
	PYTHON_SHAPE_3_12, /* and later, with the GIL */
};

/** What of a frame carries a mark (core/stack/python_marks.h). */
enum python_mark_form {
	PYTHON_MARK_NONE,        /* nothing: frames are not marked */
	PYTHON_MARK_TRACE_LINES, /* up to 3.10: the bool f_trace_lines */
	PYTHON_MARK_SLOT,        /* 3.11, 3.12: the slot of its stack that a call has emptied */
	PYTHON_MARK_LOCALS,      /* from 3.13 on: f_locals, which functions do not use */
};

/** All offsets and sizes in bytes. */
struct python_layout {
	/** PY_VERSION_HEX. */
	uint32_t version;
	bool free_threaded;
	/** enum python_instruction_form */
	uint8_t instruction_form;
	/** enum line_table */
	uint8_t line_format;
	/** enum python_shape */
	uint8_t shape;
	/** Frames whose owner is this or more belong to the interpreter, not to code. */
	uint8_t first_shim_owner;
	/** enum python_mark_form */
	uint8_t mark_form;

	/** PyThreadState: the current frame, or the cframe that has it at cframe_frame. */
	uint16_t thread_frame;
	uint16_t cframe_frame;
	uint16_t thread_id;
	/**
	 * int: how many trace, profile or monitoring callbacks are under way. From 3.11 on an int
	 * follows, the innermost one's event: 0 in 3.11 and -1 later if there is none.
	 */
	uint16_t thread_tracing;

	/** Frame (PyFrameObject up to 3.10, _PyInterpreterFrame from 3.11). */
	uint16_t frame_previous;
	uint16_t frame_code;
	uint16_t frame_instruction;
	uint16_t frame_owner;
	uint16_t frame_tlbc_index;
	/** f_trace_lines, stacktop or f_locals, as mark_form says. */
	uint16_t frame_mark;

	/** PyCodeObject; code_qualname is co_name where there is no co_qualname. */
	uint16_t code_filename;
	uint16_t code_qualname;
	uint16_t code_first_line;
	uint16_t code_lines;
	uint16_t code_bytecode;
	uint16_t code_tlbc;
	uint16_t code_flags;
	/** ints: how many slots of a frame are variables, and how many may follow them. */
	uint16_t code_variables;
	uint16_t code_stack;

	/** PyObject, PyBytesObject, PyASCIIObject, PyCompactUnicodeObject. */
	uint16_t object_type;
	uint16_t bytes_size;
	uint16_t bytes_data;
	uint16_t unicode_length;
	uint16_t unicode_state;
	uint16_t unicode_ascii_size;
	uint16_t unicode_compact_size;
	/** In the state word: position of the 3 bits of kind; next are compact and ascii. */
	uint8_t unicode_kind_shift;
};

/**
 * The layout of a CPython up to 3.12.
 *
 * @param version  PY_VERSION_HEX.
 * @return false, *ret untouched, if no row is for that version.
 */
bool python_layout_of_version(uint32_t version, struct python_layout *ret);

/** How much of _PyRuntime python_layout_of_runtime reads. */
#define PYTHON_DEBUG_OFFSETS_BYTES 1024u

/** True if what lies at _PyRuntime begins as a struct _Py_DebugOffsets does. */
bool python_layout_is_published(const void *runtime);

/**
 * The layout that a CPython from 3.13 on publishes. The order of its fields is the same in all
 * versions, their number is not: they are found by what they must look like, so that versions later
 * than this source are read too. The caller tests the result on real frames before it trusts it.
 *
 * @param runtime  _PyRuntime, PYTHON_DEBUG_OFFSETS_BYTES of it.
 * @return false, *ret untouched, if it does not look as it should.
 */
bool python_layout_of_runtime(const void *runtime, struct python_layout *ret);

#endif
