// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The malloc family. Each calls the function behind it and records; whatever an allocator calls to
 * do its work (a malloc of its own mappings, another entry point of the family) is not recorded.
 */
#include "core/hook/hook.h"
#include "core/hook/record.h"
#include "core/stack/native_machine.h"

#include <errno.h>

/** An aligned allocation: NULL may also mean that the alignment is none. */
attr_inline void record_aligned(void *p, size_t bytes)
{
	if (p || !hook.next.__errno_location || *hook.next.__errno_location() == ENOMEM) {
		record_allocation(p, bytes, BLOCK_MALLOC, native_frame_here());
	}
}

static attr_cold void *refuse(size_t bytes)
{
	if (hook.next.__errno_location) {
		*hook.next.__errno_location() = ENOMEM;
	}
	record_allocation(NULL, bytes, BLOCK_MALLOC, native_frame_here());
	return NULL;
}

/* What each does once the ceiling has let it through. */

attr_inline void *do_malloc(size_t bytes)
{
	hook_enter();
	void *p = hook.next.malloc(bytes);
	hook_leave();
	record_allocation(p, bytes, BLOCK_MALLOC, native_frame_here());
	return p;
}

attr_inline void *do_calloc(size_t count, size_t size, size_t bytes)
{
	hook_enter();
	void *p = hook.next.calloc(count, size);
	hook_leave();
	record_allocation(p, bytes, BLOCK_MALLOC, native_frame_here());
	return p;
}

attr_inline void *do_realloc(void *p, size_t bytes)
{
	/* Off the books first: once the real one has freed the old block, its address may be
	   another thread's before we are back. */
	struct record_block block = record_take(p);
	hook_enter();
	void *q = hook.next.realloc(p, bytes);
	hook_leave();
	if (q && block.entry && hook_inside()) {
		/* Not an allocation of its own, but a block on the books that has moved. */
		block.bytes = bytes;
		record_put_back(q, block, BLOCK_MALLOC);
	} else if (q) {
		record_allocation(q, bytes, BLOCK_MALLOC, native_frame_here());
	} else if (bytes) {
		record_put_back(p, block, BLOCK_MALLOC);
		record_allocation(NULL, bytes, BLOCK_MALLOC, native_frame_here());
	}
	return q;
}

attr_inline int do_posix_memalign(void **ret, size_t alignment, size_t bytes)
{
	hook_enter();
	int error = hook.next.posix_memalign(ret, alignment, bytes);
	hook_leave();
	if (error == 0) {
		record_allocation(*ret, bytes, BLOCK_MALLOC, native_frame_here());
	} else if (error == ENOMEM) {
		record_allocation(NULL, bytes, BLOCK_MALLOC, native_frame_here());
	}
	return error;
}

attr_inline void *do_aligned(void *(*allocate)(size_t, size_t), size_t alignment, size_t bytes)
{
	hook_enter();
	void *p = allocate(alignment, bytes);
	hook_leave();
	record_aligned(p, bytes);
	return p;
}

static attr_cold int refuse_aligned(size_t bytes)
{
	record_allocation(NULL, bytes, BLOCK_MALLOC, native_frame_here());
	return ENOMEM;
}

attr_export void *malloc(size_t bytes)
{
	next_ready();
	return ceiling_pass(bytes, 0, do_malloc(bytes), refuse(bytes), passed_ != NULL);
}

attr_export void *calloc(size_t count, size_t size)
{
	next_ready();
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes)) {
		return do_calloc(count, size, SIZE_MAX);
	}
	return ceiling_pass(bytes, 0, do_calloc(count, size, bytes), refuse(bytes),
			    passed_ != NULL);
}

/** True if a call comes from the loader, which may be done with an object. */
attr_inline bool is_from_loader(const void *caller)
{
	return (uintptr_t)caller - hook.loader_start < hook.loader_end - hook.loader_start;
}

attr_export void free(void *p)
{
	struct next_functions *next = next_ready();
	if (unlikely(is_from_loader(__builtin_return_address(0)))) {
		native_loader_frees(&hook.native, p);
	}
	record_free(p);
	hook_enter();
	next->free(p);
	hook_leave();
}

attr_export void *realloc(void *p, size_t bytes)
{
	next_ready();
	/* With the old block still on the books: a breach shows what is held. */
	return ceiling_pass(bytes, record_size(p), do_realloc(p, bytes), refuse(bytes),
			    passed_ != NULL);
}

attr_export void *reallocarray(void *p, size_t count, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes)) {
		next_ready();
		return refuse(SIZE_MAX);
	}
	return realloc(p, bytes);
}

attr_export int posix_memalign(void **ret, size_t alignment, size_t bytes)
{
	next_ready();
	return ceiling_pass(bytes, 0, do_posix_memalign(ret, alignment, bytes),
			    refuse_aligned(bytes), passed_ == 0);
}

attr_export void *aligned_alloc(size_t alignment, size_t bytes)
{
	struct next_functions *next = next_ready();
	return ceiling_pass(bytes, 0, do_aligned(next->aligned_alloc, alignment, bytes),
			    refuse(bytes), passed_ != NULL);
}

attr_export void *memalign(size_t alignment, size_t bytes)
{
	struct next_functions *next = next_ready();
	if (!next->memalign) {
		return aligned_alloc(alignment, bytes);
	}
	return ceiling_pass(bytes, 0, do_aligned(next->memalign, alignment, bytes), refuse(bytes),
			    passed_ != NULL);
}

attr_export void *valloc(size_t bytes)
{
	return memalign(hook.page_bytes ? hook.page_bytes : 4096, bytes);
}

attr_export void *pvalloc(size_t bytes)
{
	size_t page = hook.page_bytes ? hook.page_bytes : 4096;
	if (bytes > SIZE_MAX - page) {
		next_ready();
		return refuse(bytes);
	}
	return memalign(page, (bytes + page - 1) & ~(page - 1));
}

/* C23. A libc that does not have them gets a plain free. */

attr_export void free_sized(void *p, size_t bytes)
{
	struct next_functions *next = next_ready();
	if (!next->free_sized) {
		free(p);
		return;
	}
	record_free(p);
	hook_enter();
	next->free_sized(p, bytes);
	hook_leave();
}

attr_export void free_aligned_sized(void *p, size_t alignment, size_t bytes)
{
	struct next_functions *next = next_ready();
	if (!next->free_aligned_sized) {
		free(p);
		return;
	}
	record_free(p);
	hook_enter();
	next->free_aligned_sized(p, alignment, bytes);
	hook_leave();
}
