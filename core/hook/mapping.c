// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * mmap and its relatives. Anonymous mappings count while they can be written (whoever reserves
 * address space without access holds no memory, and of a sparse one only what is there is held);
 * mappings of files are not heap. What a libc or an allocator maps for itself does not come through
 * here, or comes inside an allocation.
 */
#include "core/base/sys.h"
#include "core/hook/hook.h"
#include "core/hook/record.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/mman.h>

#undef mmap64

/**
 * True if a call comes from the library that serves malloc, and is not the C library: what it maps
 * for its arenas, also from threads of its own or from functions that we do not stand in front of.
 */
static bool is_from_allocator(const void *caller)
{
	uintptr_t address = (uintptr_t)caller;
	return address >= hook.allocator_start && address < hook.allocator_end;
}

/** Writable memory that no file stands behind. */
static bool is_memory(int prot, int flags)
{
	return (flags & MAP_ANONYMOUS) && (prot & PROT_WRITE);
}

/** Of an anonymous mapping. */
static enum mapping_kind kind_of(int prot, int flags, size_t bytes)
{
	if (!(prot & PROT_WRITE)) {
		return MAPPING_IDLE;
	}
	return unlikely(sparse_is(flags, bytes)) ? MAPPING_SPARSE : MAPPING_COUNTED;
}

static attr_cold void *refuse(size_t bytes)
{
	record_refused_mapping(bytes);
	if (hook.next.__errno_location) {
		*hook.next.__errno_location() = ENOMEM;
	}
	return MAP_FAILED;
}

/**
 * True if a mapping has just failed because memory is short: not because its place is taken, or
 * its form wrong, nor because the pool of huge pages is empty, which programs ask in passing.
 */
static bool is_lack_of_memory(int flags)
{
	int *error = hook.next.__errno_location ? hook.next.__errno_location() : NULL;
	return !(flags & MAP_HUGETLB) && (!error || *error == ENOMEM);
}

/** A mapping that is not an allocator's. */
attr_inline void *do_mmap(void *address, size_t bytes, int prot, int flags, int fd, off_t offset,
			  const void *caller)
{
	void *p = hook.next.mmap(address, bytes, prot, flags, fd, offset);
	if (p == MAP_FAILED) {
		if (is_memory(prot, flags) && is_lack_of_memory(flags)) {
			record_refused_mapping(bytes);
		}
	} else if (flags & MAP_ANONYMOUS) {
		record_mapping(p, bytes, kind_of(prot, flags, bytes), caller);
	} else if (flags & MAP_FIXED) {
		record_unmapping(p, bytes);
	}
	return p;
}

attr_export void *mmap(void *address, size_t bytes, int prot, int flags, int fd, off_t offset)
{
	struct next_functions *next = next_ready();
	const void *caller = __builtin_return_address(0);
	if (is_from_allocator(caller)) {
		return next->mmap(address, bytes, prot, flags, fd, offset);
	}
	if (!is_memory(prot, flags)) {
		return do_mmap(address, bytes, prot, flags, fd, offset, caller);
	}
	return ceiling_pass(bytes, 0, do_mmap(address, bytes, prot, flags, fd, offset, caller),
			    refuse(bytes), false);
}

/* The same function on every 64-bit libc; CPython imports this name. */
attr_export void *mmap64(void *address, size_t bytes, int prot, int flags, int fd, off_t offset)
	__attribute__((alias("mmap")));

attr_export int munmap(void *address, size_t bytes)
{
	struct next_functions *next = next_ready();
	/* What the kernel is going to refuse for its form takes nothing off. */
	if (!bytes || ((uintptr_t)address & (hook.page_bytes - 1))) {
		return next->munmap(address, bytes);
	}
	if (unlikely(hook.ceiling.is_set)) {
		ceiling_look_before_free(bytes);
	}
	struct record_moving moving;
	record_moving_take(address, bytes, &moving);
	int result = next->munmap(address, bytes);
	if (result != 0) {
		record_moving_put(&moving, NULL, bytes, false, NULL);
	}
	return result;
}

attr_export int madvise(void *address, size_t bytes, int advice)
{
	struct next_functions *next = next_ready();
	if (advice == MADV_DONTNEED || advice == MADV_FREE) {
		record_look();
	}
	int result = next->madvise(address, bytes, advice);
	if (unlikely(hook.faults.has_handler) && result == 0) {
		/* What is emptied may be filled with huge pages again. */
		if (advice == MADV_HUGEPAGE
		    || (advice == MADV_DONTNEED && load_relaxed(&hook.advised.is_used))) {
			fault_expect_huge_pages(address, bytes);
		}
	}
	return result;
}

attr_export int mprotect(void *address, size_t bytes, int prot)
{
	int result = next_ready()->mprotect(address, bytes, prot);
	if (result == 0 && (prot & PROT_WRITE)) {
		record_protection(address, bytes, true, __builtin_return_address(0));
	} else if (result == 0 && prot == PROT_NONE) {
		record_protection(address, bytes, false, NULL);
	}
	return result;
}

attr_inline void *do_mremap(void *old, size_t old_bytes, size_t bytes, int flags, void *target,
			    const void *caller)
{
	struct record_moving moving;
	record_moving_take(old, old_bytes, &moving);
	void *p = hook.next.mremap(old, old_bytes, bytes, flags, target);
	record_moving_put(&moving, p == MAP_FAILED ? NULL : p, bytes, flags & SYS_MREMAP_DONTUNMAP,
			  caller);
	if (p == MAP_FAILED && moving.is_known && bytes > old_bytes) {
		record_refused_mapping(bytes);
	}
	return p;
}

attr_export void *mremap(void *old, size_t old_bytes, size_t bytes, int flags, ...)
{
	va_list rest;
	va_start(rest, flags);
	void *target = flags & SYS_MREMAP_FIXED ? va_arg(rest, void *) : NULL;
	va_end(rest);
	next_ready();
	const void *caller = __builtin_return_address(0);
	if (bytes <= old_bytes) {
		return do_mremap(old, old_bytes, bytes, flags, target, caller);
	}
	return ceiling_pass(bytes - old_bytes, 0,
			    do_mremap(old, old_bytes, bytes, flags, target, caller),
			    refuse(bytes), false);
}

attr_inline void *do_sbrk(intptr_t increment, const void *caller)
{
	void *old = hook.next.sbrk(increment);
	if (old != (void *)-1 && increment > 0) {
		record_mapping(old, (size_t)increment, MAPPING_COUNTED, caller);
	} else if (old != (void *)-1 && increment < 0) {
		record_unmapping((uint8_t *)old + increment, (size_t)-increment);
	}
	return old;
}

attr_export void *sbrk(intptr_t increment)
{
	next_ready();
	const void *caller = __builtin_return_address(0);
	if (increment <= 0) {
		return do_sbrk(increment, caller);
	}
	return ceiling_pass((size_t)increment, 0, do_sbrk(increment, caller),
			    refuse((size_t)increment), false);
}

attr_export int brk(void *end)
{
	struct next_functions *next = next_ready();
	uint8_t *before = next->sbrk(0);
	int result = next->brk(end);
	if (result == 0 && (uint8_t *)end > before) {
		record_mapping(before, (size_t)((uint8_t *)end - before), MAPPING_COUNTED,
			       __builtin_return_address(0));
	} else if (result == 0 && (uint8_t *)end < before) {
		record_unmapping(end, (size_t)(before - (uint8_t *)end));
	}
	return result;
}
