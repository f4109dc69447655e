// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/symbols/allocators.h"

#include "core/base/allocators.h"
#include "core/base/attributes.h"
#include "core/host/bounded.h"
#include "core/host/fd.h"
#include "core/symbols/debug_files.h"
#include "core/symbols/symbol_table.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

/** Symbols and constants of the largest libraries that there are take a fraction of that. */
static const struct bounds bounds = {
	.memory_bytes = (rlim_t)3 << 30,
	.cpu_seconds = 30,
	.silence_ms = 30000,
	.answer_bytes = 64,
};

/** How an allocator is known. */
struct mark {
	uint32_t allocator;
	/** Part of the name of the function in which it asks the kernel, whatever prefix it has. */
	const char *function;
	/** Part of its messages. */
	const char *text;
};

/* jemalloc 5.3 src/pages.c and src/malloc_io.c; mimalloc 2 and 3 src/os.c and src/options.c;
   gperftools 2.10 src/system-alloc.cc and src/sampler.cc. */
static const struct mark marks[] = {
	{ ALLOCATORS_JEMALLOC, "je_pages_map", "<jemalloc>: " },
	{ ALLOCATORS_MIMALLOC, "_mi_os_alloc", "mimalloc: error: " },
	{ ALLOCATORS_TCMALLOC, "TCMalloc_SystemAlloc", "TCMALLOC_SAMPLE_PARAMETER" },
};

static uint32_t find_functions(const struct object *object)
{
	struct symbol_table table = { 0 };
	uint32_t found = 0;
	symbol_table_add(&table, object);
	for (uint32_t i = 0; i < table.count; i++) {
		for (size_t k = 0; k < countof(marks); k++) {
			if (strstr(table.symbols[i].name, marks[k].function)) {
				found |= marks[k].allocator;
			}
		}
	}
	symbol_table_done(&table);
	return found;
}

static uint32_t find_texts_in(const Elf_Data *data)
{
	uint32_t found = 0;
	for (size_t k = 0; data && data->d_buf && k < countof(marks); k++) {
		if (memmem(data->d_buf, data->d_size, marks[k].text, strlen(marks[k].text))) {
			found |= marks[k].allocator;
		}
	}
	return found;
}

/** Among constants: loaded, neither code nor written to. */
static uint32_t find_texts(const struct object *object)
{
	uint32_t found = 0;
	Elf_Scn *section = NULL;
	while ((section = elf_nextscn(object->elf, section))) {
		GElf_Shdr header;
		if (gelf_getshdr(section, &header) && header.sh_type == SHT_PROGBITS
		    && (header.sh_flags & (SHF_ALLOC | SHF_EXECINSTR | SHF_WRITE)) == SHF_ALLOC) {
			found |= find_texts_in(elf_rawdata(section, NULL));
		}
	}
	return found;
}

uint32_t allocators_read(const struct object *object)
{
	uint32_t found = find_functions(object);
	return ALLOCATORS_READ | (found ? found : find_texts(object));
}

static void read_in_child(void *context, int fd)
{
	const struct symbols_request *request = context;
	struct debug_files files = { 0 };
	uint32_t found = 0;
	debug_files_find(&files, &request->places, request->path, request->build_id);
	const struct object *const objects[] = { files.module, files.debug, files.minimal };
	for (size_t i = 0; i < countof(objects); i++) {
		found |= objects[i] ? allocators_read(objects[i]) : 0;
	}
	(void)fd_write_all(fd, &found, sizeof(found));
	debug_files_done(&files);
}

uint32_t allocators_find(const struct symbols_request *request)
{
	struct buffer answer = { 0 };
	uint32_t found = 0;
	if (bounded_run(&bounds, read_in_child, (void *)request, &answer) == 0
	    && answer.len == sizeof(found)) {
		memcpy(&found, answer.data, sizeof(found));
	}
	free(answer.data);
	return found & ALLOCATORS_KNOWN;
}
