// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* A small shared object, made byte by byte: what a linker would write for a few symbols. */
#ifndef TESTS_UNIT_CORE_ELF_MADE_ELF_H
#define TESTS_UNIT_CORE_ELF_MADE_ELF_H

#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/** Address in the object of its first byte: one PT_LOAD covers it all. */
#define MADE_ADDRESS 0x10000u
#define MADE_SYMBOLS 6

/* Symbol 0 is the empty one. 4 is a hidden version of 2 and precedes it in its hash chain. */
static const struct {
	const char *name;
	unsigned char info;
	uint16_t section;
	uint16_t version;
	uint32_t value;
} made_symbols[MADE_SYMBOLS] = {
	{ "", 0, 0, 0, 0 },
	{ "wanted_elsewhere", ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), SHN_UNDEF, 2, 0x10100 },
	{ "versioned", ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 1, 0x8002, 0x10200 },
	{ "versioned", ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 1, 3, 0x10300 },
	{ "malloc", ELF64_ST_INFO(STB_WEAK, STT_FUNC), 1, 1, 0x10400 },
	{ "a_variable_with_a_name_that_is_longer_than_one_chunk_of_the_comparison_has_bytes",
	  ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT), 1, 1, 0x10500 },
};

struct made_elf {
	ElfW(Ehdr) header;
	ElfW(Phdr) headers[2];
	ElfW(Dyn) dynamic[7];
	ElfW(Sym) symbols[MADE_SYMBOLS];
	uint16_t versions[MADE_SYMBOLS + 2];
	/* All in one bucket and one bloom word, which lets everything through. */
	struct {
		uint32_t bucket_count, first, bloom_count, bloom_shift;
		ElfW(Addr) bloom;
		uint32_t bucket;
		uint32_t chain[MADE_SYMBOLS - 1];
	} gnu;
	struct {
		uint32_t bucket_count, chain_count;
		uint32_t bucket;
		uint32_t chain[MADE_SYMBOLS];
	} hash;
	char strings[256];
};

static inline uint32_t made_gnu_hash(const char *name)
{
	uint32_t hash = 5381;
	for (; *name; name++) {
		hash = hash * 33 + (unsigned char)*name;
	}
	return hash;
}

#define MADE_AT(field) (MADE_ADDRESS + offsetof(struct made_elf, field))

static inline void made_symbol_table(struct made_elf *elf)
{
	uint32_t at = 1;
	for (int i = 1; i < MADE_SYMBOLS; i++) {
		elf->symbols[i].st_name = at;
		elf->symbols[i].st_info = made_symbols[i].info;
		elf->symbols[i].st_shndx = made_symbols[i].section;
		elf->symbols[i].st_value = made_symbols[i].value;
		elf->symbols[i].st_size = 16;
		elf->versions[i] = made_symbols[i].version;
		strcpy(elf->strings + at, made_symbols[i].name);
		at += strlen(made_symbols[i].name) + 1;
		elf->gnu.chain[i - 1] = (made_gnu_hash(made_symbols[i].name) & ~1u)
			| (i == MADE_SYMBOLS - 1);
		elf->hash.chain[i] = i + 1 < MADE_SYMBOLS ? i + 1 : 0;
	}
}

/** base is what glibc adds to the dynamic section's addresses when it loads the object. */
static inline void make_elf(struct made_elf *elf, bool gnu, uint64_t base)
{
	memset(elf, 0, sizeof(*elf));
	memcpy(elf->header.e_ident, ELFMAG, SELFMAG);
	elf->header.e_ident[EI_CLASS] = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32;
	elf->header.e_ident[EI_DATA] =
		__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
	elf->header.e_type = ET_DYN;
	elf->header.e_phoff = offsetof(struct made_elf, headers);
	elf->header.e_phentsize = sizeof(elf->headers[0]);
	elf->header.e_phnum = 2;
	elf->headers[0] = (ElfW(Phdr)){ .p_type = PT_LOAD, .p_vaddr = MADE_ADDRESS,
					.p_filesz = sizeof(*elf), .p_memsz = sizeof(*elf) };
	elf->headers[1] = (ElfW(Phdr)){ .p_type = PT_DYNAMIC,
					.p_offset = offsetof(struct made_elf, dynamic),
					.p_vaddr = MADE_AT(dynamic),
					.p_filesz = sizeof(elf->dynamic) };
	elf->dynamic[0] = (ElfW(Dyn)){ DT_SYMTAB, { base + MADE_AT(symbols) } };
	elf->dynamic[1] = (ElfW(Dyn)){ DT_STRTAB, { base + MADE_AT(strings) } };
	elf->dynamic[2] = (ElfW(Dyn)){ DT_STRSZ, { sizeof(elf->strings) } };
	elf->dynamic[3] = (ElfW(Dyn)){ DT_VERSYM, { base + MADE_AT(versions) } };
	elf->dynamic[4] = gnu ? (ElfW(Dyn)){ DT_GNU_HASH, { base + MADE_AT(gnu) } }
			      : (ElfW(Dyn)){ DT_HASH, { base + MADE_AT(hash) } };
	elf->gnu.bucket_count = elf->gnu.first = elf->gnu.bloom_count = elf->gnu.bucket = 1;
	elf->gnu.bloom = ~(ElfW(Addr))0;
	elf->hash.bucket_count = elf->hash.bucket = 1;
	elf->hash.chain_count = MADE_SYMBOLS;
	made_symbol_table(elf);
}

#endif
