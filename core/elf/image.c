// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/elf/image.h"

#include <string.h>

#include "core/base/attributes.h"
#include "core/base/sys.h"

/* A chain of a hash table longer than this is a damaged file, not a symbol table. */
#define CHAIN_MAX 65536u
#define DYNAMIC_MAX 4096u
#define VERSION_HIDDEN 0x8000u /* versym: not the default version of its name */

/** The PT_LOAD header whose bytes from the file cover [address, address + len), or NULL. */
static const ElfW(Phdr) *image_segment(const struct elf_image *image, uintptr_t address, size_t len)
{
	for (unsigned i = 0; i < image->header_count; i++) {
		const ElfW(Phdr) *header = &image->headers[i];
		uintptr_t into = address - header->p_vaddr;
		if (header->p_type == PT_LOAD && address >= header->p_vaddr
		    && into <= header->p_filesz && len <= header->p_filesz - into) {
			return header;
		}
	}
	return NULL;
}

static bool image_read(const struct elf_image *image, uintptr_t address, void *ret, size_t len)
{
	const ElfW(Phdr) *header = image_segment(image, address, len);
	if (header == NULL) {
		return false;
	}
	if (image->fd < 0) {
		memcpy(ret, (const void *)(image->base + address), len);
		return true;
	}
	uint64_t offset = header->p_offset + (address - header->p_vaddr);
	return sys_call4(SYS_pread64, image->fd, ret, len, offset) == (long)len;
}

static bool image_read_u32(const struct elf_image *image, uintptr_t address, uint32_t *ret)
{
	return image_read(image, address, ret, sizeof(*ret));
}

/**
 * The address in the object that a dynamic entry means. glibc adds the base to the entries when it
 * loads an object; musl, and the kernel for its own, leave them alone.
 */
static uintptr_t image_pointer(const struct elf_image *image, uintptr_t value)
{
	if (image_segment(image, value - image->base, 1) != NULL) {
		return value - image->base;
	}
	return image_segment(image, value, 1) != NULL ? value : 0;
}

static void image_take_entry(struct elf_image *image, const ElfW(Dyn) *entry)
{
	switch (entry->d_tag) {
	case DT_GNU_HASH:
		image->gnu_hash = image_pointer(image, entry->d_un.d_ptr);
		break;
	case DT_HASH:
		image->hash = image_pointer(image, entry->d_un.d_ptr);
		break;
	case DT_SYMTAB:
		image->symbols = image_pointer(image, entry->d_un.d_ptr);
		break;
	case DT_STRTAB:
		image->strings = image_pointer(image, entry->d_un.d_ptr);
		break;
	case DT_STRSZ:
		image->strings_bytes = entry->d_un.d_val;
		break;
	case DT_VERSYM:
		image->versions = image_pointer(image, entry->d_un.d_ptr);
		break;
	default:
		break;
	}
}

/** Entry number i of the dynamic section; false behind its end. */
static bool image_dynamic(const struct elf_image *image, unsigned i, ElfW(Dyn) *ret)
{
	const ElfW(Phdr) *dynamic = NULL;
	for (unsigned k = 0; k < image->header_count; k++) {
		if (image->headers[k].p_type == PT_DYNAMIC) {
			dynamic = &image->headers[k];
		}
	}
	return dynamic != NULL && i < DYNAMIC_MAX
		&& image_read(image, dynamic->p_vaddr + i * sizeof(*ret), ret, sizeof(*ret))
		&& ret->d_tag != DT_NULL;
}

static bool image_open(struct elf_image *image)
{
	ElfW(Dyn) entry;
	for (unsigned i = 0; image_dynamic(image, i, &entry); i++) {
		image_take_entry(image, &entry);
	}
	return image->symbols != 0 && image->strings != 0
		&& (image->gnu_hash != 0 || image->hash != 0);
}

bool elf_image_open_loaded(struct elf_image *image, uintptr_t base, const ElfW(Phdr) *headers,
			   unsigned count)
{
	*image = (struct elf_image){
		.headers = headers,
		.header_count = count,
		.fd = -1,
		.base = base,
	};
	return image_open(image);
}

bool elf_image_open_file(struct elf_image *image, int fd, const ElfW(Phdr) *headers,
			 unsigned count)
{
	*image = (struct elf_image){ .headers = headers, .header_count = count, .fd = fd };
	return fd >= 0 && image_open(image);
}

/** True if the string at an offset of the string table is name, of len bytes and a terminator. */
static bool image_name_is(const struct elf_image *image, uint32_t offset, const char *name,
			  size_t len)
{
	char chunk[64];
	if (offset >= image->strings_bytes || len >= image->strings_bytes - offset) {
		return false;
	}
	for (size_t done = 0; done <= len;) {
		size_t part = len + 1 - done < sizeof(chunk) ? len + 1 - done : sizeof(chunk);
		if (!image_read(image, image->strings + offset + done, chunk, part)
		    || memcmp(chunk, name + done, part) != 0) {
			return false;
		}
		done += part;
	}
	return true;
}

static bool symbol_is_definition(const ElfW(Sym) *symbol)
{
	/* Bind and type are encoded alike in both classes. */
	unsigned bind = ELF64_ST_BIND(symbol->st_info);
	unsigned type = ELF64_ST_TYPE(symbol->st_info);
	return symbol->st_shndx != SHN_UNDEF && symbol->st_shndx != SHN_ABS && symbol->st_value != 0
		&& (bind == STB_GLOBAL || bind == STB_WEAK || bind == STB_GNU_UNIQUE)
		&& (type == STT_FUNC || type == STT_OBJECT || type == STT_NOTYPE
		    || type == STT_GNU_IFUNC);
}

/** True if the symbol number index is the definition that name stands for. */
static bool image_match(const struct elf_image *image, uint32_t index, const char *name,
			struct elf_symbol *ret_symbol)
{
	ElfW(Sym) symbol;
	uint16_t version = 0;
	if (!image_read(image, image->symbols + (uintptr_t)index * sizeof(symbol), &symbol,
			sizeof(symbol))
	    || !symbol_is_definition(&symbol)
	    || !image_name_is(image, symbol.st_name, name, strlen(name))) {
		return false;
	}
	if (image->versions != 0
	    && (!image_read(image, image->versions + (uintptr_t)index * sizeof(version), &version,
			    sizeof(version))
		|| (version & VERSION_HIDDEN) != 0)) {
		return false;
	}
	ret_symbol->address = symbol.st_value;
	ret_symbol->size_bytes = symbol.st_size;
	ret_symbol->type = ELF64_ST_TYPE(symbol.st_info);
	return true;
}

static uint32_t gnu_hash_of(const char *name)
{
	uint32_t hash = 5381;
	for (; *name != '\0'; name++) {
		hash = hash * 33 + (unsigned char)*name;
	}
	return hash;
}

static uint32_t sysv_hash_of(const char *name)
{
	uint32_t hash = 0;
	for (; *name != '\0'; name++) {
		hash = (hash << 4) + (unsigned char)*name;
		hash = (hash ^ ((hash & 0xf0000000u) >> 24)) & 0x0fffffffu;
	}
	return hash;
}

static bool image_lookup_gnu(const struct elf_image *image, const char *name,
			     struct elf_symbol *ret_symbol)
{
	struct {
		uint32_t bucket_count, first_symbol, bloom_count, bloom_shift;
	} table;
	ElfW(Addr) bloom;
	uint32_t index, hash = gnu_hash_of(name);
	if (!image_read(image, image->gnu_hash, &table, sizeof(table)) || table.bucket_count == 0
	    || table.bloom_count == 0) {
		return false;
	}
	const unsigned bits = 8 * sizeof(bloom);
	uintptr_t blooms = image->gnu_hash + sizeof(table);
	uintptr_t word = hash / bits % table.bloom_count;
	if (!image_read(image, blooms + word * sizeof(bloom), &bloom, sizeof(bloom))
	    || (bloom >> (hash % bits) & bloom >> ((hash >> (table.bloom_shift % 32)) % bits) & 1)
		       == 0) {
		return false;
	}
	uintptr_t buckets = blooms + (uintptr_t)table.bloom_count * sizeof(bloom);
	uintptr_t chains = buckets + (uintptr_t)table.bucket_count * sizeof(uint32_t);
	if (!image_read_u32(image, buckets + (uintptr_t)(hash % table.bucket_count) * sizeof(index),
			    &index)
	    || index < table.first_symbol) {
		return false;
	}
	for (unsigned i = 0; i < CHAIN_MAX; i++, index++) {
		uint32_t chained;
		uintptr_t position = index - table.first_symbol;
		if (!image_read_u32(image, chains + position * sizeof(chained), &chained)) {
			return false;
		}
		if ((chained | 1) == (hash | 1) && image_match(image, index, name, ret_symbol)) {
			return true;
		}
		/* The lowest bit ends the chain. */
		if ((chained & 1) != 0) {
			return false;
		}
	}
	return false;
}

static bool image_lookup_sysv(const struct elf_image *image, const char *name,
			      struct elf_symbol *ret_symbol)
{
	struct {
		uint32_t bucket_count, chain_count;
	} table;
	uint32_t index;
	if (!image_read(image, image->hash, &table, sizeof(table)) || table.bucket_count == 0) {
		return false;
	}
	uintptr_t buckets = image->hash + sizeof(table);
	uintptr_t chains = buckets + (uintptr_t)table.bucket_count * sizeof(index);
	uintptr_t next = buckets
		+ (uintptr_t)(sysv_hash_of(name) % table.bucket_count) * sizeof(index);
	for (unsigned i = 0; i < CHAIN_MAX; i++) {
		if (!image_read_u32(image, next, &index) || index == 0
		    || index >= table.chain_count) {
			return false;
		}
		if (image_match(image, index, name, ret_symbol)) {
			return true;
		}
		next = chains + (uintptr_t)index * sizeof(index);
	}
	return false;
}

bool elf_image_lookup(const struct elf_image *image, const char *name,
		      struct elf_symbol *ret_symbol)
{
	return image->gnu_hash != 0 ? image_lookup_gnu(image, name, ret_symbol)
				    : image_lookup_sysv(image, name, ret_symbol);
}

bool elf_image_needs(const struct elf_image *image, const char *prefix)
{
	char name[64];
	size_t len = strlen(prefix);
	ElfW(Dyn) entry;
	for (unsigned i = 0; len <= sizeof(name) && image_dynamic(image, i, &entry); i++) {
		if (entry.d_tag == DT_NEEDED && entry.d_un.d_val < image->strings_bytes
		    && image_read(image, image->strings + entry.d_un.d_val, name, len)
		    && memcmp(name, prefix, len) == 0) {
			return true;
		}
	}
	return false;
}

void *elf_find_symbol(const struct elf_image *image, const char *name)
{
	struct elf_symbol symbol;
	if (image->fd >= 0 || !elf_image_lookup(image, name, &symbol)) {
		return NULL;
	}
	void *address = (void *)(image->base + symbol.address);
	if (symbol.type == STT_GNU_IFUNC) {
		/* aarch64 resolvers take the hardware's capabilities: none is always right. */
		void *(*resolve)(unsigned long, void *) = (void *(*)(unsigned long, void *))address;
		address = resolve(0, NULL);
	}
	return address;
}

bool elf_image_holds(const struct elf_image *image, const void *address)
{
	uintptr_t in_object = (uintptr_t)address - image->base;
	for (unsigned i = 0; i < image->header_count; i++) {
		const ElfW(Phdr) *header = &image->headers[i];
		if (header->p_type == PT_LOAD && in_object - header->p_vaddr < header->p_memsz) {
			return true;
		}
	}
	return false;
}
