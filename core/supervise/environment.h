// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* The one place where the workload's environment is put together. */
#ifndef CORE_SUPERVISE_ENVIRONMENT_H
#define CORE_SUPERVISE_ENVIRONMENT_H

/**
 * envp with the hook in it; the hook takes it off again.
 *
 *	LD_PRELOAD=<hook_path>                  appended, if envp has no LD_PRELOAD
 *	LD_PRELOAD=<hook_path>:<its value>      in place of each LD_PRELOAD that envp has
 *	FIL_SEGMENT=<segment_path>              appended last
 *
 * The hook comes before what was preloaded anyway: a malloc preloaded before us would hide
 * everything. Of several LD_PRELOAD glibc takes the last and musl the first. Other entries of envp
 * are shared, not copied. hook_path NULL: LD_PRELOAD is left alone. Free the result with
 * environment_free; NULL with errno ENOMEM.
 */
char **environment_new(char *const *envp, const char *hook_path, const char *segment_path);
void environment_free(char **environment);

#endif
