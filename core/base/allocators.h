// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Allocators that programs have linked in, whose blocks the hook cannot see. */
#ifndef CORE_BASE_ALLOCATORS_H
#define CORE_BASE_ALLOCATORS_H

/** Which of them are in an object file, as bits. Stored in captures: only append. */
#define ALLOCATORS_READ 0x1u /* somebody has looked; else nothing is known */
#define ALLOCATORS_JEMALLOC 0x2u
#define ALLOCATORS_MIMALLOC 0x4u
#define ALLOCATORS_TCMALLOC 0x8u /* that of gperftools */
#define ALLOCATORS_KNOWN 0xfu

#endif
