// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * C++'s operators new and delete, where the allocator that is preloaded or linked to has its own:
 * jemalloc, tcmalloc and mimalloc do not call malloc for them. The tool exports these names only if
 * such an allocator is in sight (cmd/operators.h): they would else be what every library finds
 * first, also one that brings its own and is loaded later.
 *
 * new must throw, and nothing may be thrown through the middle of an operation. So the allocator's
 * nothrow new is asked, and the one that throws only if that has no memory.
 */
#include "core/hook/hook.h"
#include "core/hook/record.h"

#include <stdint.h>

/** More than any machine has: whoever is asked for this throws. */
#define IMPOSSIBLE_BYTES ((size_t)PTRDIFF_MAX)

/** What std::nothrow is a reference to says nothing. */
static const char nothrow_tag;

/** True for a function of the library that serves malloc, if that is not the C library. */
static bool is_allocators(const void *function)
{
	uintptr_t address = (uintptr_t)function;
	return address >= hook.allocator_start && address < hook.allocator_end;
}

/** Those behind ours, also if C++ has come later than we. */
static struct next_functions *next_operators(void)
{
	struct next_functions *next = next_ready();
	if (unlikely(!next->_Znwm)) {
		next_find_missing(next);
	}
	return next;
}

static attr_cold void *refuse(size_t bytes)
{
	record_allocation(NULL, bytes, BLOCK_MALLOC, native_frame_here());
	return NULL;
}

/** What a call of the allocator's own new has made, on the books. */
#define made_by(call, bytes) \
	({ \
		hook_enter(); \
		void *made_ = (call); \
		hook_leave(); \
		record_allocation(made_, (bytes), BLOCK_MALLOC, native_frame_here()); \
		made_; \
	})

/* The names are the linker's: _Znwm is operator new(unsigned long), _Zna... is new[], _Zd... is
   delete. */

/** What stands in parentheses, without them: more can follow in a list. */
#define IN_LIST(...) __VA_ARGS__

/** parameters: with their types; passed: their names, bytes being the first. */
#define EXPORT_NEW(name, parameters, passed) \
	attr_export void *name(IN_LIST parameters) \
	{ \
		struct next_functions *next = next_operators(); \
		if (!is_allocators(next->name) \
		    || !is_allocators(next->name##RKSt9nothrow_t)) { \
			return next->name passed; \
		} \
		void *p = ceiling_pass( \
			bytes, 0, \
			made_by(next->name##RKSt9nothrow_t(IN_LIST passed, &nothrow_tag), bytes), \
			refuse(bytes), passed_ != NULL); \
		if (unlikely(!p)) { \
			bytes = IMPOSSIBLE_BYTES; \
			return next->name passed; \
		} \
		return p; \
	} \
	attr_export void *name##RKSt9nothrow_t(IN_LIST parameters, const void *tag) \
	{ \
		struct next_functions *next = next_operators(); \
		if (!is_allocators(next->name##RKSt9nothrow_t)) { \
			return next->name##RKSt9nothrow_t(IN_LIST passed, tag); \
		} \
		return ceiling_pass( \
			bytes, 0, \
			made_by(next->name##RKSt9nothrow_t(IN_LIST passed, &nothrow_tag), bytes), \
			refuse(bytes), passed_ != NULL); \
	}

#define EXPORT_DELETE(name, parameters, passed) \
	attr_export void name parameters \
	{ \
		struct next_functions *next = next_operators(); \
		if (!is_allocators(next->name)) { \
			next->name passed; \
			return; \
		} \
		record_free(p); \
		hook_enter(); \
		next->name passed; \
		hook_leave(); \
	}

EXPORT_NEW(_Znwm, (size_t bytes), (bytes))
EXPORT_NEW(_Znam, (size_t bytes), (bytes))
EXPORT_NEW(_ZnwmSt11align_val_t, (size_t bytes, size_t alignment), (bytes, alignment))
EXPORT_NEW(_ZnamSt11align_val_t, (size_t bytes, size_t alignment), (bytes, alignment))

EXPORT_DELETE(_ZdlPv, (void *p), (p))
EXPORT_DELETE(_ZdaPv, (void *p), (p))
EXPORT_DELETE(_ZdlPvm, (void *p, size_t bytes), (p, bytes))
EXPORT_DELETE(_ZdaPvm, (void *p, size_t bytes), (p, bytes))
EXPORT_DELETE(_ZdlPvRKSt9nothrow_t, (void *p, const void *tag), (p, tag))
EXPORT_DELETE(_ZdaPvRKSt9nothrow_t, (void *p, const void *tag), (p, tag))
EXPORT_DELETE(_ZdlPvSt11align_val_t, (void *p, size_t alignment), (p, alignment))
EXPORT_DELETE(_ZdaPvSt11align_val_t, (void *p, size_t alignment), (p, alignment))
EXPORT_DELETE(_ZdlPvmSt11align_val_t, (void *p, size_t bytes, size_t alignment),
	      (p, bytes, alignment))
EXPORT_DELETE(_ZdaPvmSt11align_val_t, (void *p, size_t bytes, size_t alignment),
	      (p, bytes, alignment))
EXPORT_DELETE(_ZdlPvSt11align_val_tRKSt9nothrow_t, (void *p, size_t alignment, const void *tag),
	      (p, alignment, tag))
EXPORT_DELETE(_ZdaPvSt11align_val_tRKSt9nothrow_t, (void *p, size_t alignment, const void *tag),
	      (p, alignment, tag))
