// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * A CPython extension for tests only: the hook's stack reader (core/stack, core/elf) compiled into
 * the interpreter under test, and compared with what Python itself says of the same instant.
 *
 *   attach()            -> enum python_state
 *   compare()           -> None, or (reader's, Python's) frames if they differ: lists of
 *                          (code object, byte offset), outermost first
 *   hooked()            -> whether this process is profiled: then what compare() compares are
 *                          the frames that the hook itself reads, from the caches that it keeps
 *   describe(code)      -> (filename, qualname, line table, first line), texts as bytes
 *   capture(on)         walk the stack at every allocation of the object domain, as the hook does,
 *                       and compare each result with a walk that starts from nothing
 *   captures()          -> (walks, walks that differed, deepest, walks of stacks with marks)
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <dlfcn.h>
#include <frameobject.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "core/hook/control.h"
#include "core/stack/python.h"

#if PY_VERSION_HEX < 0x030a0000
#define Py_NewRef(object) (Py_INCREF(object), (object))
#endif

/** The hook's function for programs, NULL if there is no hook. */
static long (*control)(unsigned operation, void *argument);

static struct python python;
static atomic_ulong walks, mismatches, deepest, marked;

/** What a thread of the hook has, twice: kept from walk to walk, and emptied before each. */
static __thread struct python_cache kept, full;
static __thread int inside;

static uint32_t node_of(const struct python_cache *cache, unsigned i)
{
	return (uint32_t)(cache->instruction[i] ^ cache->code[i] >> 4);
}

/** The next position from i on that is not hidden, or the depth. */
static unsigned next_shown(const struct python_cache *cache, unsigned i)
{
	while (i < cache->depth && python_cache_hidden(cache, i)) {
		i++;
	}
	return i;
}

/**
 * Are the frames the same that are not hidden? Of the others greenlet, from 3.12 on, takes some out
 * of a chain that waits, and not all in again: kept may have some more.
 */
static bool same_frames(void)
{
	unsigned i = next_shown(&kept, 0), j = next_shown(&full, 0);
	while (i < kept.depth && j < full.depth) {
		if (kept.frame[i] != full.frame[j] || kept.code[i] != full.code[j]
		    || kept.instruction[i] != full.instruction[j]
		    || kept.node[i] != node_of(&full, j)) {
			return false;
		}
		i = next_shown(&kept, i + 1);
		j = next_shown(&full, j + 1);
	}
	return i == kept.depth && j == full.depth;
}

/** Walk twice; how many positions there are, -1 if frames differ anywhere. */
static int walk_both(void)
{
	void *thread = python_current_thread(&python);
	if (thread == NULL) {
		return 0;
	}
	/* Every frame that can be: the more marks, the sooner a wrong one shows. None where the
	   hook sets its own. */
	kept.mark_every = control == NULL;
	struct stack_frames frames = python_walk(&python, thread, &kept);
	atomic_fetch_add(&marked, kept.marks != 0);
	/* The nodes are the caller's: what stands in unchanged positions must still be right. */
	for (unsigned i = frames.unchanged; i < frames.depth; i++) {
		kept.node[i] = node_of(&kept, i);
	}
	python_cache_nodes_filled(&kept);
	python_cache_reset(&full);
	if (python_walk(&python, thread, &full).unchanged != 0 || !same_frames()) {
		return -1;
	}
	if (frames.depth > atomic_load(&deepest)) {
		atomic_store(&deepest, frames.depth);
	}
	return (int)frames.depth;
}

static PyObject *reader_attach(PyObject *self, PyObject *args)
{
	(void)self;
	(void)args;
	python_attach(&python, &python);
	walk_both();
	return PyLong_FromLong(python.state);
}

/* On stacks deeper than this not every allocation's is walked: tests with a hundred thousand frames
   make objects for each of them. */
#define DEPTH_ALWAYS 256
#define DEEP_EVERY 64

static void capture(void)
{
	static __thread unsigned long deep;
	if (inside || (kept.depth > DEPTH_ALWAYS && deep++ % DEEP_EVERY != 0)) {
		return;
	}
	inside = 1;
	int depth = walk_both();
	atomic_fetch_add(&walks, 1);
	atomic_fetch_add(&mismatches, depth < 0);
	inside = 0;
}

/* The object domain, wrapped. */
static PyMemAllocatorEx behind;

static void *capture_malloc(void *context, size_t size)
{
	(void)context;
	capture();
	return behind.malloc(behind.ctx, size);
}

static void *capture_calloc(void *context, size_t count, size_t size)
{
	(void)context;
	capture();
	return behind.calloc(behind.ctx, count, size);
}

static void *capture_realloc(void *context, void *block, size_t size)
{
	(void)context;
	capture();
	return behind.realloc(behind.ctx, block, size);
}

static void capture_free(void *context, void *block)
{
	(void)context;
	behind.free(behind.ctx, block);
}

static PyObject *reader_capture(PyObject *self, PyObject *on)
{
	static int wrapped;
	(void)self;
	int want = PyObject_IsTrue(on);
	if (want < 0) {
		return NULL;
	}
	if (want != wrapped) {
		PyMemAllocatorEx ours = { NULL, capture_malloc, capture_calloc, capture_realloc,
					  capture_free };
		if (want) {
			PyMem_GetAllocator(PYMEM_DOMAIN_OBJ, &behind);
		}
		PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, want ? &ours : &behind);
		wrapped = want;
	}
	Py_RETURN_NONE;
}

static PyObject *reader_captures(PyObject *self, PyObject *args)
{
	(void)self;
	(void)args;
	return Py_BuildValue("kkkk", atomic_load(&walks), atomic_load(&mismatches),
			     atomic_load(&deepest), atomic_load(&marked));
}

/** The reader's frames that are not hidden, outermost first. */
static PyObject *frames_of_reader(void)
{
	unsigned shown = 0;
	for (unsigned i = 0; i < kept.depth; i++) {
		shown += !python_cache_hidden(&kept, i);
	}
	/* Copied before the list is made: making it changes nothing, but may collect garbage. */
	uintptr_t *codes = PyMem_RawMalloc((shown + 1) * sizeof(*codes));
	uint32_t *offsets = PyMem_RawMalloc((shown + 1) * sizeof(*offsets));
	PyObject *list = NULL;
	shown = 0;
	for (unsigned i = 0; i < kept.depth; i++) {
		if (!python_cache_hidden(&kept, i)) {
			codes[shown] = python_cache_code(&kept, i);
			offsets[shown++] = python_offset(&python, &kept, i);
		}
	}
	list = PyList_New(shown);
	for (unsigned i = 0; list != NULL && i < shown; i++) {
		PyList_SET_ITEM(list, i, Py_BuildValue("OI", (PyObject *)codes[i], offsets[i]));
	}
	PyMem_RawFree(codes);
	PyMem_RawFree(offsets);
	return list;
}

/** The frames that the hook reads, outermost first. */
static PyObject *frames_of_hook(void)
{
	struct control_stack stack = { NULL, 0 };
	/* How many there are may be asked first: nothing in between makes or ends a frame. */
	long count = control(CONTROL_STACK, &stack);
	stack.capacity = count > 0 ? (uint32_t)count : 0;
	stack.frames = PyMem_RawCalloc(stack.capacity + 1, sizeof(*stack.frames));
	if (control(CONTROL_STACK, &stack) != count) {
		PyMem_RawFree(stack.frames);
		PyErr_SetString(PyExc_RuntimeError, "the hook's stack changed while it was read");
		return NULL;
	}
	PyObject *list = PyList_New(stack.capacity);
	for (uint32_t i = 0; list != NULL && i < stack.capacity; i++) {
		PyList_SET_ITEM(list, i,
				Py_BuildValue("OI", (PyObject *)stack.frames[i].code,
					      stack.frames[i].offset));
	}
	PyMem_RawFree(stack.frames);
	return list;
}

static PyObject *reader_hooked(PyObject *self, PyObject *args)
{
	(void)self;
	(void)args;
	return PyBool_FromLong(control != NULL);
}

/** The same as Python has it: f_code and f_lasti of sys._getframe() and every f_back. */
static PyObject *frames_of_python(void)
{
	PyObject *list = PyList_New(0);
	PyObject *frame = (PyObject *)PyEval_GetFrame();
	Py_XINCREF(frame);
	while (list != NULL && frame != NULL && frame != Py_None) {
		PyObject *code = PyObject_GetAttrString(frame, "f_code");
		PyObject *last = PyObject_GetAttrString(frame, "f_lasti");
		long offset = PyLong_AsLong(last);
		PyObject *item = Py_BuildValue("Nl", code, offset < 0 ? 0 : offset);
		Py_DECREF(last);
		PyList_Append(list, item);
		Py_DECREF(item);
		PyObject *back = PyObject_GetAttrString(frame, "f_back");
		Py_DECREF(frame);
		frame = back;
	}
	Py_XDECREF(frame);
	if (list != NULL && PyList_Reverse(list) < 0) {
		Py_CLEAR(list);
	}
	return list;
}

static PyObject *reader_compare(PyObject *self, PyObject *args)
{
	(void)self;
	(void)args;
	inside++;
	int depth = walk_both();
	PyObject *reader = control != NULL ? frames_of_hook() : frames_of_reader();
	PyObject *own = frames_of_python();
	inside--;
	if (reader == NULL || own == NULL) {
		Py_XDECREF(reader);
		Py_XDECREF(own);
		return NULL;
	}
	int equal = depth >= 0 ? PyObject_RichCompareBool(reader, own, Py_EQ) : 0;
	if (equal != 0) {
		Py_DECREF(reader);
		Py_DECREF(own);
		return equal < 0 ? NULL : Py_NewRef(Py_None);
	}
	return Py_BuildValue("NNi", reader, own, depth);
}

static PyObject *bytes_of(const struct python_text *text)
{
	PyObject *bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)text->length * 4);
	if (bytes != NULL) {
		size_t len = python_text_utf8(text, PyBytes_AS_STRING(bytes), text->length * 4);
		_PyBytes_Resize(&bytes, (Py_ssize_t)len);
	}
	return bytes;
}

static PyObject *reader_describe(PyObject *self, PyObject *code)
{
	struct python_code_info info;
	(void)self;
	if (!python_describe_code(&python, (uintptr_t)code, &info)) {
		Py_RETURN_NONE;
	}
	return Py_BuildValue("NNy#ii", bytes_of(&info.filename), bytes_of(&info.qualname),
			     info.lines, (Py_ssize_t)info.lines_bytes, info.first_line,
			     info.line_format);
}

static PyMethodDef methods[] = {
	{ "attach", reader_attach, METH_NOARGS, NULL },
	{ "compare", reader_compare, METH_NOARGS, NULL },
	{ "describe", reader_describe, METH_O, NULL },
	{ "capture", reader_capture, METH_O, NULL },
	{ "captures", reader_captures, METH_NOARGS, NULL },
	{ "hooked", reader_hooked, METH_NOARGS, NULL },
	{ NULL, NULL, 0, NULL },
};

static PyModuleDef_Slot slots[] = {
#ifdef Py_mod_gil
	{ Py_mod_gil, Py_MOD_GIL_NOT_USED },
#endif
	{ 0, NULL },
};

static struct PyModuleDef module = {
	PyModuleDef_HEAD_INIT, .m_name = "reader", .m_methods = methods, .m_slots = slots,
};

PyMODINIT_FUNC PyInit_reader(void)
{
	*(void **)&control = dlsym(RTLD_DEFAULT, "fil_control");
	return PyModuleDef_Init(&module);
}
