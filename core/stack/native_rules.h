// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Rules: what an unwind table says of one instruction, in a word, and a table of those that have
 * been needed so far. All threads of a process share it, so that thousands of threads cost no more
 * than one; no locks.
 *
 *   63          36 35      20 19       8 7   4 3   0
 *  +--------------+----------+----------+-----+-----+
 *  | CFA offset   | FP slot  | RA slot  |class|kind |      offset in bytes, slots in words, signed
 *  +--------------+----------+----------+-----+-----+
 *
 * A rule holds for a generation: whatever unloads objects begins a new one. An entry of the table
 * is filled once per generation and never changes within it, so that a reader who finds the key
 * before and after reading the rule has read that key's rule.
 */
#ifndef CORE_STACK_NATIVE_RULES_H
#define CORE_STACK_NATIVE_RULES_H

#include <stdbool.h>
#include <stdint.h>

enum rule_kind {
	RULE_NONE = 0,  /* not known yet */
	RULE_SP,        /* CFA = sp + offset */
	RULE_FP,        /* CFA = fp + offset */
	RULE_FP_MEMORY, /* CFA = what is in memory at fp + offset; FP slot counts from fp */
	RULE_SIGNAL,    /* the registers are where the kernel left them */
	RULE_END,       /* the outermost frame */
	RULE_GENERAL,   /* only the tables can tell */
	RULE_NO_TABLE,  /* nothing is known of this code */
	RULE_NO_OBJECT  /* code that belongs to no loaded object */
};

/** What kind of code an instruction belongs to. */
enum native_class {
	CLASS_CODE = 0,
	CLASS_HOOK,     /* our own */
	CLASS_PYTHON,   /* the interpreter */
	CLASS_EVAL,     /* the interpreter's loop, which runs Python code */
	CLASS_NO_OBJECT /* no loaded object */
};

typedef uint64_t native_rule;

static inline native_rule rule_make(enum rule_kind kind, int64_t cfa, int64_t fp_words,
				    int64_t ra_words)
{
	return (uint64_t)cfa << 36 | ((uint64_t)fp_words & 0xffff) << 20
		| ((uint64_t)ra_words & 0xfff) << 8 | kind;
}

static inline enum rule_kind rule_kind(native_rule rule)
{
	return (enum rule_kind)(rule & 0xf);
}

static inline enum native_class rule_class(native_rule rule)
{
	return (enum native_class)(rule >> 4 & 0xf);
}

static inline native_rule rule_with_class(native_rule rule, enum native_class class)
{
	return rule | (uint64_t)class << 4;
}

static inline int64_t rule_cfa_offset(native_rule rule)
{
	return (int64_t)rule >> 36;
}

/** Bytes from the CFA to where the caller's frame pointer was saved; 0: it is in the register. */
static inline int64_t rule_fp_offset(native_rule rule)
{
	return ((int64_t)(rule << 28) >> 48) * 8;
}

static inline int64_t rule_ra_offset(native_rule rule)
{
	return ((int64_t)(rule << 44) >> 52) * 8;
}

/** True if these numbers fit into a rule. */
bool rule_fits(int64_t cfa, int64_t fp, int64_t ra);

struct rule_entry {
	uint64_t key; /* 0: empty; 1: being filled */
	native_rule rule;
};

struct rule_table {
	uint32_t capacity; /* a power of two */
	uint32_t shift;
	struct rule_entry entries[];
};

/** Zeroed: empty. Memory is mapped at the first insertion and never given back. */
struct native_rules {
	struct rule_table *table;
	uint32_t generation;
};

/** The rule of pc in a generation; RULE_NONE: not known. is_exact: pc is no return address. */
native_rule rules_find(const struct native_rules *rules, uint32_t generation, uintptr_t pc,
		       bool is_exact);

/** Remember one; dropped if there is no place. */
void rules_add(struct native_rules *rules, uint32_t generation, uintptr_t pc, bool is_exact,
	       native_rule rule);

/** Begin a new generation: nothing that was known holds any longer. Any number of threads. */
void rules_forget(struct native_rules *rules);

#endif
