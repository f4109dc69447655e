// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The Python part of the calling thread's stack, read from CPython's own structures: no tracing, no
 * reference counts, no call into the interpreter but for two that only fetch a pointer. Nothing in
 * them is changed but for marks in deep stacks (python_marks.h).
 *
 * Why every dereference is of a live object. A thread that runs Python code, or C code called from
 * it, owns its thread state; the state's current frame is being executed, or waits for the C code
 * above it. Each frame's previous one waits for it, and can neither run nor go away before it has
 * ended. The chain from the current frame down is therefore alive and still as long as this thread
 * is where it is: in our caller. A running frame holds a reference to its code, and that to its
 * strings. A cached frame address is dereferenced only after the link from the (live) frame above
 * it has been compared equal; a cached code address is never dereferenced, only those that a live
 * frame has just shown. That the offsets are right is tested once, on the first frames seen, with
 * reads that cannot fault (python_probe.c).
 *
 * The calling thread only, any context in which it could have called malloc. No allocation (a
 * cache maps its memory), no locks, no libc, under 400 bytes of stack per function.
 */
#ifndef CORE_STACK_PYTHON_H
#define CORE_STACK_PYTHON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/base/attributes.h"
#include "core/base/atomic.h"
#include "core/base/python.h"
#include "core/stack/python_layout.h"

/** python_cache.mark_every: frames that are verified as fast as a mark is found. */
#define PYTHON_MARK_EVERY 8u

/** Deepest stack that is read in full: of a deeper one only as many of its innermost frames. */
#define PYTHON_FRAMES_MAX ((uint32_t)1 << 20)

/** What was found of the interpreter in the loaded objects. NULL: it has no such thing. */
struct python_symbols {
	const void *runtime;      /* _PyRuntime */
	const uint32_t *version;  /* Py_Version, 3.11 and later */
	const char *(*get_version)(void);
	const char *code_type;
	const void *unicode_type;
	const void *bytes_type;
	const void *none;
	/* PyGILState_GetThisThreadState: this thread's state, whether it has the GIL or not. */
	void *(*thread_of_gil)(void);
	/* PyThreadState_GetUnchecked: the same if it has the GIL; up to 3.11 whoever has it. */
	void *(*thread_unchecked)(void);
	int (*is_finalizing)(void);
	void *(*interpreter_head)(void);
	void *(*interpreter_main)(void);
	unsigned long (*thread_self)(void); /* pthread_self */
	/* PyMem_GetAllocator, PyMem_SetAllocator: a domain, a PyMemAllocatorEx. */
	void (*get_allocator)(int, void *);
	void (*set_allocator)(int, void *);
	const char *eval; /* _PyEval_EvalFrameDefault */
};

/** One per process. Zeroed: nothing found. Memory is the caller's. */
struct python {
	/** enum python_state. Written last, with release; also changed by every function below. */
	uint32_t state;
	/** 0: symbols not found; 1: found; 2: a thread is choosing the layout; 3: chosen. */
	uint32_t progress;
	/** 0: the layout has not been tested on frames; 1: it has. */
	uint32_t probed;
	/** elf_loaded_adds() of the last search. */
	uint64_t loaded_adds;
	struct python_symbols symbols;
	struct python_layout layout;
	/** Addresses of the object that holds the interpreter and its static code objects. */
	uintptr_t image_start;
	uintptr_t image_end;
	/** A state that frames were seen of, most often the main thread's: to read from outside. */
	uintptr_t first_thread;
};

/**
 * The stack of one thread as of its last walk: parallel arrays, index 0 the outermost frame.
 * Zeroed: empty. Memory is mapped as it grows and belongs to the cache; one thread at a time.
 */
struct python_cache {
	uintptr_t *frame;
	/** As python_layout.instruction_form says. */
	uintptr_t *instruction;
	/** Address of the code object; the lowest bit marks frames that are not to be shown. */
	uintptr_t *code;
	/** For the caller: what it made of positions 0 to i. Kept for unchanged positions. */
	uint32_t *node;
	/**
	 * For the caller, too, where there is machine code in between: the node that the frames of
	 * i's call of the interpreter's loop stand on (core/hook/mixed.h).
	 */
	uint32_t *base;
	/**
	 * How many outermost positions have their node, each of them. The caller sets it
	 * (python_cache_nodes_filled); a walk lowers it to the first one that has changed. 0: none
	 * is right any more.
	 */
	uint32_t noded;
	/** Hash of a frame address -> its position, or a stale one. */
	uint32_t *position;
	uint32_t capacity; /* a power of two, or 0 */
	uint32_t depth;
	/** As many positions as the deepest of the last stacks had: those past depth have ended. */
	uint32_t kept;
	/** The outermost frames are missing: deeper than PYTHON_FRAMES_MAX, or no memory. */
	bool cut;
	/**
	 * For the caller to set: mark one in so many frames of stacks more than twice as deep
	 * (core/stack/python_marks.h); 0: none. In one cache of a thread only, which it uses for
	 * itself: a mark does not always tell whose it is.
	 */
	uint32_t mark_every;
	/** The positions that were marked and have not been seen to change, ascending. */
	uint32_t *mark;
	uint32_t marks;
	/** Walks for which nothing is marked, since nothing could be. */
	uint32_t walks_unmarked;
	/** The pthread_self of the thread that has set the marks, or has settled. */
	uintptr_t identity;
	/** Its state, as of python_cache_settle; 0: it has not, or is not settled any more. */
	uintptr_t settled;
};

/**
 * Look for an interpreter in the loaded objects. Nothing of it is called, so that it may be an
 * object that the loader has not finished with. Cheap if no object was loaded since the last call.
 * Takes the loader's lock (core/elf/loaded.h). Not from two threads at once.
 *
 * @param self  An address in our own object, which is not searched.
 * @return python->state. It becomes more than PYTHON_NOT_SEEN only when the interpreter runs and
 *         python_current_thread is called.
 */
enum python_state python_attach(struct python *python, const void *self);

/**
 * The calling thread's state, to walk: NULL if it has no Python stack, if none can be read, or if
 * the interpreter is being finalized by somebody else and might free it.
 */
void *python_current_thread(struct python *python);

/**
 * To be called where all is in order with the state that python_current_thread has just returned:
 * then python_settled_thread returns it quickly, as long as the thread holds the interpreter.
 */
void python_cache_settle(struct python *python, struct python_cache *cache, void *thread);

/** What python_current_thread would return; NULL where that is not quick to tell. */
static inline void *python_settled_thread(const struct python *python,
					  const struct python_cache *cache)
{
	if (unlikely(cache->settled == 0 || load_acquire(&python->state) != PYTHON_ATTACHED)) {
		return NULL;
	}
	char *current = python->symbols.thread_unchecked();
	uintptr_t identity;
	/* Up to 3.11 it is whoever has the GIL, maybe where a state of ours has been: ask it. */
	if (unlikely((uintptr_t)current != cache->settled)) {
		return NULL;
	}
	memcpy(&identity, current + python->layout.thread_id, sizeof(identity));
	return likely(identity == cache->identity) ? current : NULL;
}

/** True if the interpreter runs and the calling thread holds it (has the GIL, or is attached). */
bool python_may_change(struct python *python);

/**
 * All threads of an interpreter, from any of its states to the first and on. Only while the calling
 * thread holds it (python_may_change): then no state is added or freed, and no frame moves.
 */
void *python_first_thread(void *thread);
void *python_next_thread(void *thread);

/** The pthread_self of the thread that a state belongs to. */
uintptr_t python_thread_identity(const struct python *python, void *thread);

/** What a walk has found. By value: it is read at once, and would be waited for in memory. */
struct stack_frames {
	/** Positions in use. 0: there are no frames, or none that can be read. */
	uint32_t depth;
	/**
	 * How many outermost positions are as they were when their nodes were filled, with the same
	 * frame, instruction and code object.
	 */
	uint32_t unchanged;
};

/**
 * Bring a cache up to date with the calling thread's frames.
 *
 * @param thread  What python_current_thread has just returned, or the state of another thread,
 *                under the condition of python_first_thread.
 */
struct stack_frames python_walk(struct python *python, void *thread, struct python_cache *cache);

/** True for an address in the object that holds the interpreter: of what is never freed. */
static inline bool python_in_image(const struct python *python, uintptr_t address)
{
	return address - python->image_start < python->image_end - python->image_start;
}

/** How many positions up to end lead to a frame, itself included; 0: it is none of them. */
uint32_t python_cache_reaches(const struct python_cache *cache, uint32_t end, uintptr_t frame);

/** True if position i is the interpreter's own and belongs to no Python code: skip it. */
static inline bool python_cache_hidden(const struct python_cache *cache, unsigned i)
{
	return (cache->code[i] & 1) != 0;
}

/** Address of the code object at position i, which is not hidden. */
static inline uintptr_t python_cache_code(const struct python_cache *cache, unsigned i)
{
	return cache->code[i];
}

/**
 * Byte offset in its bytecode of the instruction at position i, which is not hidden; what the line
 * table is looked up with. Directly after python_walk only: the frame must be live. 0 also for a
 * frame that has not begun.
 */
uint32_t python_offset(const struct python *python, const struct python_cache *cache, unsigned i);

/**
 * What tells, while a code object lives, which of its instructions position i is at; cheaper than
 * the offset. As python_offset: directly after python_walk only.
 */
static inline uintptr_t python_instruction(const struct python *python,
					   const struct python_cache *cache, unsigned i)
{
	/* Threads with copies of the bytecode of their own may have them at the same address, one
	   after the other. */
	return python->layout.code_tlbc != PYTHON_NO_FIELD ? python_offset(python, cache, i)
							   : cache->instruction[i];
}

/** The caller has filled the nodes of all positions of the last walk. */
static inline void python_cache_nodes_filled(struct python_cache *cache)
{
	/* Those of calls that have ended may be right still. */
	if (cache->noded < cache->depth) {
		cache->noded = cache->depth;
	}
}

/** Forget the stack: the next walk finds every position changed. Keeps the memory. */
void python_cache_reset(struct python_cache *cache);

/** Give the memory back. */
void python_cache_done(struct python_cache *cache);

/** A str of the interpreter: code points of 1 (Latin-1), 2 or 4 bytes. */
struct python_text {
	const void *data;
	size_t length;
	uint8_t width;
	/** All code points are below 128: data is what python_text_utf8 would write. */
	bool is_ascii;
};

/** What a code object says of itself; points into objects that live as long as it does. */
struct python_code_info {
	struct python_text filename;
	/** co_qualname where there is one (3.11), else co_name. */
	struct python_text qualname;
	/** The line table and its format (enum line_table). */
	const void *lines;
	size_t lines_bytes;
	int32_t first_line;
	uint16_t line_format;
};

/**
 * Read a code object that the last walk of this thread has shown.
 *
 * @return false, *ret untouched, if it is not what it should be (a name of another type).
 */
bool python_describe_code(const struct python *python, uintptr_t code,
			  struct python_code_info *ret);

/**
 * Write a str as UTF-8. Surrogates U+DC80 to U+DCFF become the byte 0x80 to 0xFF that they stand
 * for in names from the file system (PEP 383); other lone surrogates three bytes each (WTF-8).
 *
 * @return Bytes written: whole characters only, as many as fit into capacity.
 */
size_t python_text_utf8(const struct python_text *text, char *buffer, size_t capacity);

#endif
