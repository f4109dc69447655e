// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* Text of the workload's in a bounded number of columns of a terminal. */
#ifndef CORE_REPORT_CUT_H
#define CORE_REPORT_CUT_H

#include <stdio.h>

/** Write text as ESCAPE_TERMINAL does; if it is wider than columns, cut it and end in "...". */
void cut_text(FILE *out, const char *text, unsigned columns);

#endif
