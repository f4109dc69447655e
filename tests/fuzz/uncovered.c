// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* What the sanitizers' build calls at every edge, for programs that are not the fuzzer's. */
void __sanitizer_cov_trace_pc(void);

__attribute__((no_sanitize_coverage)) void __sanitizer_cov_trace_pc(void)
{
}
