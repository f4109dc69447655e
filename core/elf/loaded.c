// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/elf/loaded.h"

#include <link.h>

#include "core/base/attributes.h"
#include "core/elf/image.h"

#if defined(FIL_HOOK)
/* The hook takes nothing from the workload that it cannot do without. */
#pragma weak dl_iterate_phdr
#endif

typedef int object_visitor(struct dl_phdr_info *info, size_t size, void *context);

static void loaded_walk(object_visitor *visit, void *context)
{
#if defined(FIL_HOOK)
	if (dl_iterate_phdr == NULL) {
		return;
	}
#endif
	dl_iterate_phdr(visit, context);
}

static bool open_object(struct elf_image *image, const struct dl_phdr_info *info)
{
	return elf_image_open_loaded(image, info->dlpi_addr, info->dlpi_phdr, info->dlpi_phnum);
}

struct wanted_walk {
	struct elf_wanted *wanted;
	unsigned count;
	unsigned missing;
	const void *self;
};

static int wanted_visit(struct dl_phdr_info *info, size_t size attr_unused, void *context)
{
	struct wanted_walk *walk = context;
	struct elf_image image;
	if (!open_object(&image, info)
	    || (walk->self != NULL && elf_image_holds(&image, walk->self))) {
		return 0;
	}
	for (unsigned i = 0; i < walk->count; i++) {
		struct elf_wanted *wanted = &walk->wanted[i];
		if (wanted->address == NULL) {
			wanted->address = elf_find_symbol(&image, wanted->name);
			walk->missing -= wanted->address != NULL;
		}
	}
	return walk->missing == 0;
}

unsigned elf_find_wanted(struct elf_wanted *wanted, unsigned count, const void *self)
{
	struct wanted_walk walk = { .wanted = wanted, .count = count, .self = self };
	for (unsigned i = 0; i < count; i++) {
		walk.missing += wanted[i].address == NULL;
	}
	if (walk.missing > 0) {
		loaded_walk(wanted_visit, &walk);
	}
	return walk.missing;
}

struct next_walk {
	const char *name;
	const void *self;
	bool after_self;
	/** First definition in an object before self, first one after it. */
	void *before;
	void *after;
};

static int next_visit(struct dl_phdr_info *info, size_t size attr_unused, void *context)
{
	struct next_walk *walk = context;
	struct elf_image image;
	bool readable = open_object(&image, info);
	if (elf_image_holds(&image, walk->self)) {
		walk->after_self = true;
		return 0;
	}
	if (!readable || (!walk->after_self && walk->before != NULL)) {
		return 0;
	}
	void *address = elf_find_symbol(&image, walk->name);
	if (walk->after_self) {
		walk->after = address;
	} else {
		walk->before = address;
	}
	return walk->after != NULL;
}

void *elf_find_next(const char *name, const void *self)
{
	struct next_walk walk = { .name = name, .self = self };
	loaded_walk(next_visit, &walk);
	return walk.after != NULL ? walk.after : walk.before;
}

static int executable_visit(struct dl_phdr_info *info, size_t size attr_unused, void *context)
{
	struct elf_wanted *wanted = context;
	struct elf_image image;
	if (open_object(&image, info)) {
		wanted->address = elf_find_symbol(&image, wanted->name);
	}
	return 1; /* the executable is always the first */
}

void *elf_find_in_executable(const char *name)
{
	struct elf_wanted wanted = { .name = name };
	loaded_walk(executable_visit, &wanted);
	return wanted.address;
}

struct span_walk {
	const void *address;
	bool found;
	uintptr_t start;
	uintptr_t end;
};

static int span_visit(struct dl_phdr_info *info, size_t size attr_unused, void *context)
{
	struct span_walk *walk = context;
	struct elf_image image;
	open_object(&image, info);
	if (!elf_image_holds(&image, walk->address)) {
		return 0;
	}
	walk->found = true;
	walk->start = UINTPTR_MAX;
	for (unsigned i = 0; i < image.header_count; i++) {
		const ElfW(Phdr) *header = &image.headers[i];
		uintptr_t start = image.base + header->p_vaddr;
		if (header->p_type == PT_LOAD) {
			walk->start = start < walk->start ? start : walk->start;
			walk->end = start + header->p_memsz > walk->end ? start + header->p_memsz
									: walk->end;
		}
	}
	return 1;
}

bool elf_find_span(const void *address, uintptr_t *ret_start, uintptr_t *ret_end)
{
	struct span_walk walk = { .address = address };
	loaded_walk(span_visit, &walk);
	if (walk.found) {
		*ret_start = walk.start;
		*ret_end = walk.end;
	}
	return walk.found;
}

static int adds_visit(struct dl_phdr_info *info, size_t size, void *context)
{
	/* Old loaders pass a shorter struct. */
	if (size >= offsetof(struct dl_phdr_info, dlpi_subs)) {
		*(uint64_t *)context = info->dlpi_adds;
	}
	return 1;
}

uint64_t elf_loaded_adds(void)
{
	uint64_t adds = 0;
	loaded_walk(adds_visit, &adds);
	return adds;
}
