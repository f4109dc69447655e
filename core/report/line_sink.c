// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

#include "core/report/line_sink.h"

#include <stdlib.h>

FILE *line_begin(struct line_sink *sink)
{
	sink->text = NULL;
	return open_memstream(&sink->text, &sink->len);
}

void line_end(struct line_sink *sink, FILE *out)
{
	if (fclose(out) == 0) {
		sink->line(sink->context, sink->text);
	}
	free(sink->text);
}
