// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The objects that are loaded in this process, in the order in which the loader searches them:
 * executable, preloaded, needed, opened later (RTLD_LOCAL ones too). Our own resolver, because
 * dlsym is not in every libc's main library and would be found only by linking with it.
 *
 * Through dl_iterate_phdr, which takes the loader's lock: not between fork and exec of a process
 * with threads, not in a signal handler. No allocation of our own, under 300 bytes of stack.
 */
#ifndef CORE_ELF_LOADED_H
#define CORE_ELF_LOADED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A name to look up, and where it was found. Set address to NULL; others are left as they are. */
struct elf_wanted {
	const char *name;
	void *address;
};

/**
 * Look several names up in one pass: each gets its first definition in search order, in whatever
 * object but the one that holds the address self (NULL: no exception).
 *
 * @return How many addresses are still NULL.
 */
unsigned elf_find_wanted(struct elf_wanted *wanted, unsigned count, const void *self);

/**
 * What a call of name from the object that holds self would reach if that object did not define it:
 * the first definition in the objects searched after it, else in any other. NULL: there is none.
 */
void *elf_find_next(const char *name, const void *self);

/** The executable's own definition of name, or NULL: it wins over every preloaded object's. */
void *elf_find_in_executable(const char *name);

/**
 * The span [*ret_start, *ret_end) of addresses of the loaded object that holds an address.
 * false, outputs untouched, if none does.
 */
bool elf_find_span(const void *address, uintptr_t *ret_start, uintptr_t *ret_end);

/**
 * A number that is different once an object has been loaded since (dlpi_adds). 0 if the loader
 * does not tell. Costs one call into the loader, whatever the number of objects.
 */
uint64_t elf_loaded_adds(void);

#endif
