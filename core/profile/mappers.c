// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/profile/mappers.h"

#include "core/base/allocators.h"
#include "core/symbols/allocators.h"

void mappers_find(struct profile *profile, const struct names_request *request)
{
	for (uint32_t i = 0; i < profile->module_count; i++) {
		struct profile_module *module = &profile->modules[i];
		struct symbols_request file = {
			.path = profile_string(profile, module->path),
			.build_id = profile_string(profile, module->build_id),
			.places = {
				.root = request->root ? request->root : "",
				.folders = request->folders,
				.folder_count = request->folder_count,
				/* Nobody waits for a download to learn that. */
				.without_servers = true,
			},
		};
		if (!(module->allocators & ALLOCATORS_READ)
		    && (module->mapped_peak_bytes | module->mapped_end_bytes)) {
			module->allocators = allocators_find(&file);
		}
	}
}
