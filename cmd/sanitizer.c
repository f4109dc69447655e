// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "cmd/sanitizer.h"

#include "core/base/attributes.h"

static const struct {
	const char *library; /* the start of its name */
	const char *name;
} sanitizers[] = {
	{"libasan.", "AddressSanitizer"},
	{"libclang_rt.asan", "AddressSanitizer"},
	{"libtsan.", "ThreadSanitizer"},
	{"libclang_rt.tsan", "ThreadSanitizer"},
	{"libhwasan.", "HWAddressSanitizer"},
	{"libclang_rt.hwasan", "HWAddressSanitizer"},
};

const char *sanitizer_of_program(const struct elf_image *image)
{
	for (unsigned i = 0; i < countof(sanitizers); i++) {
		if (elf_image_needs(image, sanitizers[i].library)) {
			return sanitizers[i].name;
		}
	}
	return NULL;
}
