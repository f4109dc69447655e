// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Finding the interpreter, in two steps. An object that the loader is still relocating can be
 * found, but not called: so python_attach only looks symbols up. That the interpreter runs (so that
 * calls are safe, and the layout is needed) is seen from data: PyType_Ready has marked PyCode_Type.
 */
#include "core/stack/python.h"

#include "core/base/atomic.h"
#include "core/base/attributes.h"
#include "core/elf/loaded.h"
#include "core/stack/python_object.h"

enum progress { PROGRESS_NONE, PROGRESS_FOUND, PROGRESS_CHOOSING, PROGRESS_CHOSEN };

/* Py_TPFLAGS_READY, Include/object.h. */
#define TYPE_READY ((uintptr_t)1 << 12)

static const char *const names[] = {
	"_PyRuntime",
	"Py_Version",
	"Py_GetVersion",
	"PyCode_Type",
	"PyUnicode_Type",
	"PyBytes_Type",
	"_Py_NoneStruct",
	"PyGILState_GetThisThreadState",
	"PyThreadState_GetUnchecked",
	"_PyThreadState_UncheckedGet",
	"Py_IsFinalizing",
	"_Py_IsFinalizing",
	"PyInterpreterState_Head",
	"PyInterpreterState_Main",
	"pthread_self",
	"PyMem_GetAllocator",
	"PyMem_SetAllocator",
	"_PyEval_EvalFrameDefault",
};

static void *either(void *first, void *second)
{
	return first != NULL ? first : second;
}

/* The order is that of names. */
static void take_symbols(struct python_symbols *symbols, const struct elf_wanted *found)
{
	symbols->runtime = found[0].address;
	symbols->version = found[1].address;
	symbols->get_version = (const char *(*)(void))found[2].address;
	symbols->code_type = found[3].address;
	symbols->unicode_type = found[4].address;
	symbols->bytes_type = found[5].address;
	symbols->none = found[6].address;
	symbols->thread_of_gil = (void *(*)(void))found[7].address;
	symbols->thread_unchecked =
		(void *(*)(void))either(found[8].address, found[9].address);
	symbols->is_finalizing = (int (*)(void))either(found[10].address, found[11].address);
	symbols->interpreter_head = (void *(*)(void))found[12].address;
	symbols->interpreter_main = (void *(*)(void))found[13].address;
	symbols->thread_self = (unsigned long (*)(void))found[14].address;
	symbols->get_allocator = (void (*)(int, void *))found[15].address;
	symbols->set_allocator = (void (*)(int, void *))found[16].address;
	symbols->eval = found[17].address;
}

static attr_noinline void find_symbols(struct python *python, const void *self)
{
	struct elf_wanted wanted[countof(names)];
	struct elf_wanted first = { .name = "PyCode_Type" };
	if (elf_find_wanted(&first, 1, self) != 0) {
		return;
	}
	for (unsigned i = 0; i < countof(names); i++) {
		wanted[i] = (struct elf_wanted){ .name = names[i] };
	}
	elf_find_wanted(wanted, countof(wanted), self);
	take_symbols(&python->symbols, wanted);
	/* By a function: its variables may have been copied into the executable. */
	elf_find_span((const void *)python->symbols.thread_of_gil, &python->image_start,
		      &python->image_end);
	/* Pairs with the load in python_current_thread. */
	store_release(&python->progress, PROGRESS_FOUND);
}

enum python_state python_attach(struct python *python, const void *self)
{
	if (load_acquire(&python->progress) == PROGRESS_NONE) {
		uint64_t adds = elf_loaded_adds();
		if (adds == 0 || adds != python->loaded_adds) {
			python->loaded_adds = adds;
			find_symbols(python, self);
		}
	}
	return (enum python_state)load_acquire(&python->state);
}

/** The number at text, a decimal; moves *text behind it and the dot that may follow. */
static uint32_t parse_number(const char **text)
{
	uint32_t number = 0;
	while (**text >= '0' && **text <= '9' && number < 1000) {
		number = number * 10 + (uint32_t)(*(*text)++ - '0');
	}
	*text += **text == '.';
	return number;
}

/** PY_VERSION_HEX but for the release level; 0 if it cannot be learnt. */
static uint32_t interpreter_version(const struct python_symbols *symbols)
{
	if (symbols->version != NULL) {
		return *symbols->version;
	}
	const char *text = symbols->get_version != NULL ? symbols->get_version() : NULL;
	if (text == NULL) {
		return 0;
	}
	uint32_t major = parse_number(&text);
	uint32_t minor = parse_number(&text);
	return (major & 0xff) << 24 | (minor & 0xff) << 16 | (parse_number(&text) & 0xff) << 8;
}

static bool choose_layout(struct python *python)
{
	const struct python_symbols *symbols = &python->symbols;
	/* Also that of an interpreter whose layout is not known is to be reported. */
	python->layout.version = interpreter_version(symbols);
	if (symbols->runtime == NULL || symbols->unicode_type == NULL || symbols->bytes_type == NULL
	    || symbols->none == NULL || symbols->thread_of_gil == NULL
	    || symbols->thread_unchecked == NULL || symbols->is_finalizing == NULL) {
		return false;
	}
	if (python_layout_is_published(symbols->runtime)) {
		return python_layout_of_runtime(symbols->runtime, &python->layout);
	}
	return python_layout_of_version(python->layout.version, &python->layout)
		&& symbols->interpreter_head != NULL && symbols->interpreter_main != NULL
		&& symbols->thread_self != NULL;
}

/** True once the interpreter has readied its types, which is before it can run any code. */
static bool interpreter_runs(const struct python_symbols *symbols)
{
	const uint64_t *runtime = symbols->runtime;
	bool is_published = runtime != NULL && python_layout_is_published(runtime);
	/* PyTypeObject.tp_flags. Without the GIL objects have a header that is 16 bytes longer. */
	unsigned flags = is_published && runtime[2] != 0 ? 184 : 168;
	return (object_word((uintptr_t)symbols->code_type, flags) & TYPE_READY) != 0;
}

static attr_noinline bool python_choose(struct python *python)
{
	uint32_t expected = PROGRESS_FOUND;
	if (load_acquire(&python->progress) != PROGRESS_FOUND || !interpreter_runs(&python->symbols)
	    || !cas_acq_rel(&python->progress, &expected, PROGRESS_CHOOSING)) {
		return false;
	}
	bool known = choose_layout(python);
	/* Pairs with the loads in python_current_thread and python_attach. */
	store_release(&python->state, known ? PYTHON_ATTACHED : PYTHON_UNKNOWN);
	store_release(&python->progress, PROGRESS_CHOSEN);
	return known;
}

/**
 * Up to 3.11 the interpreter keeps one current state for the whole process: that of the thread that
 * has the GIL. The other function knows this thread's state in the main interpreter only.
 */
static uintptr_t thread_of_process(const struct python *python)
{
	const struct python_symbols *symbols = &python->symbols;
	uintptr_t current = (uintptr_t)symbols->thread_unchecked();
	uintptr_t own = (uintptr_t)symbols->thread_of_gil();
	if (current == own) {
		return own;
	}
	/* Only with subinterpreters can a state that is not the registered one be this thread's. */
	if (current != 0 && symbols->interpreter_head() != symbols->interpreter_main()
	    && object_word(current, python->layout.thread_id) == symbols->thread_self()) {
		return current;
	}
	/* Without the GIL: at its end the interpreter frees the states of running threads. */
	return own != 0 && symbols->is_finalizing() ? 0 : own;
}

void *python_current_thread(struct python *python)
{
	if (unlikely(load_acquire(&python->state) != PYTHON_ATTACHED) && !python_choose(python)) {
		return NULL;
	}
	const struct python_symbols *symbols = &python->symbols;
	if (python->layout.version < PYTHON_VERSION(12)) {
		return (void *)thread_of_process(python);
	}
	void *current = symbols->thread_unchecked();
	if (likely(current != NULL)) {
		return current;
	}
	current = symbols->thread_of_gil();
	return current != NULL && symbols->is_finalizing() ? NULL : current;
}

void python_cache_settle(struct python *python, struct python_cache *cache, void *thread)
{
	const struct python_symbols *symbols = &python->symbols;
	cache->settled = 0;
	if (symbols->thread_self == NULL || python->layout.thread_id == PYTHON_NO_FIELD
	    || symbols->thread_unchecked() != thread) {
		return;
	}
	cache->identity = symbols->thread_self();
	if (python_thread_identity(python, thread) == cache->identity) {
		cache->settled = (uintptr_t)thread;
	}
}

/* PyThreadState begins with prev and next in every version so far (Include/cpython/pystate.h). */
#define THREAD_PREVIOUS 0
#define THREAD_NEXT 8
/** More than any process has: a list that does not end is none. */
#define THREADS_MAX 100000

void *python_first_thread(void *thread)
{
	for (int i = 0; i < THREADS_MAX; i++) {
		void *previous = (void *)object_word((uintptr_t)thread, THREAD_PREVIOUS);
		if (previous == NULL) {
			return thread;
		}
		thread = previous;
	}
	return NULL;
}

void *python_next_thread(void *thread)
{
	return (void *)object_word((uintptr_t)thread, THREAD_NEXT);
}

uintptr_t python_thread_identity(const struct python *python, void *thread)
{
	return object_word((uintptr_t)thread, python->layout.thread_id);
}

bool python_may_change(struct python *python)
{
	void *current = python_current_thread(python);
	return current != NULL && python->symbols.thread_unchecked() == current;
}
