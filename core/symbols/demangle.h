// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Names as the linker has them, turned into names as their authors wrote them. */
#ifndef CORE_SYMBOLS_DEMANGLE_H
#define CORE_SYMBOLS_DEMANGLE_H

/**
 * The readable name of a function, without its parameters (but in D): C++, Rust, D and Fortran
 * names are demangled; a symbol version, what compilers append to parts and clones (".cold",
 * ".isra.0", ".lto_priv.1") and glibc puts before its own calls ("__GI_") are dropped. Anything
 * else comes back as it is. malloc'ed; NULL without memory.
 *
 * The name may come from a damaged file: call it where running out of memory or time does no harm.
 */
char *demangle(const char *name);

#endif
