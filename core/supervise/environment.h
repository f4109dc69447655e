// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* The one place where the workload's environment is put together. */
#ifndef CORE_SUPERVISE_ENVIRONMENT_H
#define CORE_SUPERVISE_ENVIRONMENT_H

/**
 * envp with two entries appended, which the hook takes off again:
 *
 *	LD_PRELOAD=<hook_path>[:<value of the last LD_PRELOAD in envp>]
 *	FIL_SEGMENT=<segment_path>
 *
 * The hook comes before what was preloaded anyway: a malloc preloaded before us would hide
 * everything. glibc takes the last LD_PRELOAD. The entries of envp are shared, not copied.
 * hook_path NULL: no LD_PRELOAD is added. Free the result with environment_free; NULL with errno
 * ENOMEM.
 */
char **environment_new(char *const *envp, const char *hook_path, const char *segment_path);
void environment_free(char **environment);

#endif
