// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * The report as one HTML page that needs nothing else: no network, no other file. Its policy
 * forbids the browser to fetch anything. Without script it shows a static graph and the text
 * report instead of the parts that a reader can switch.
 */

#include "core/report/html_parts.h"

#include "core/report/assets/assets.h"
#include "core/report/escape.h"
#include "core/report/svg.h"
#include "core/report/units.h"

#include <stdlib.h>

static void write_document_start(FILE *out, const struct profile *profile)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	      "style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; "
	      "form-action 'none'\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
	      out);
	fprintf(out, "%s", units_bytes(profile->peak_bytes).text);
	fputs(" \xe2\x80\x93 ", out);
	const char *command = profile_string(profile, profile->command);
	escape_start(out, ESCAPE_MARKUP, command[0] ? command : "memory profile", 80);
	fputs("</title>\n<style>\n", out);
	asset_write(out, page_css);
	fputs("</style>\n</head>\n<body>\n", out);
}

static void write_chart(FILE *out, const struct profile *profile)
{
	fputs("<section id=\"time\">\n<h2>Memory over time</h2>\n", out);
	timeline_chart_write(out, profile);
	fputs("</section>\n", out);
}

/* What the script fills. */
static void write_places(FILE *out)
{
	fputs("<section id=\"graph-section\" class=\"script\">\n"
	      "<h2 id=\"graph-title\">Where the memory is</h2>\n"
	      "<div id=\"graph-tools\" class=\"tools\"></div>\n"
	      "<div id=\"details\" class=\"details\" aria-live=\"polite\"></div>\n"
	      "<div id=\"graph\" class=\"graph\" role=\"group\" "
	      "aria-labelledby=\"graph-title\"></div>\n"
	      "<p id=\"graph-foot\" class=\"foot\"></p>\n"
	      "</section>\n"
	      "<section id=\"sites-section\" class=\"script\">\n<h2>Lines of code</h2>\n"
	      "<div id=\"sites-tools\" class=\"tools\"></div>\n<div id=\"sites\"></div>\n"
	      "</section>\n"
	      "<section id=\"stacks-section\" class=\"script\">\n"
	      "<h2 id=\"stacks-title\">Largest stacks</h2>\n<div id=\"stacks\"></div>\n"
	      "</section>\n"
	      "<section id=\"threads-section\" class=\"script\" hidden>\n"
	      "<h2>Where each thread was last seen</h2>\n<div id=\"threads\"></div>\n"
	      "</section>\n",
	      out);
}

/* For a browser that runs no script: a picture, and the report in text. */
static int write_without_script(FILE *out, const struct profile *profile,
				const struct report_options *options)
{
	char *text = NULL;
	size_t len = 0;
	FILE *memory = open_memstream(&text, &len);
	if (!memory) {
		return -1;
	}
	int result = report_write_text(memory, profile, options);
	if (fclose(memory) != 0 || result != 0) {
		free(text);
		return -1;
	}
	fputs("<noscript>\n<style>.script { display: none }</style>\n"
	      "<section class=\"picture\">\n",
	      out);
	result = svg_write_static(out, profile, options);
	fputs("</section>\n<section><pre>", out);
	for (char *at = text, *end; *at; at = end) {
		for (end = at; *end && *end != '\n'; end++) {
		}
		escape_bytes(out, ESCAPE_MARKUP, at, (size_t)(end - at));
		if (*end) {
			fputc('\n', out);
			end++;
		}
	}
	fputs("</pre></section>\n</noscript>\n", out);
	free(text);
	return result;
}

static void write_scripts(FILE *out)
{
	fputs("<script>\n", out);
	asset_write(out, flame_js);
	asset_write(out, page_common_js);
	asset_write(out, page_graph_js);
	asset_write(out, page_lists_js);
	asset_write(out, page_chart_js);
	asset_write(out, page_js);
	fputs("</script>\n", out);
}

int report_write_html(FILE *out, const struct profile *profile,
		      const struct report_options *options)
{
	write_document_start(out, profile);
	html_write_head(out, profile, options);
	fputs("<main>\n", out);
	if (html_write_cut(out, profile, options) != 0) {
		return -1;
	}
	write_chart(out, profile);
	html_write_ram(out, profile);
	write_places(out);
	if (write_without_script(out, profile, options) != 0) {
		return -1;
	}
	html_write_notes(out, profile);
	fputs("</main>\n<footer><p>fil-profile ", out);
	escape_text(out, ESCAPE_MARKUP, profile_string(profile, profile->tool_version));
	fputs("</p></footer>\n<script type=\"application/json\" id=\"data\">", out);
	if (html_write_data(out, profile, options) != 0) {
		return -1;
	}
	fputs("</script>\n", out);
	write_scripts(out);
	fputs("</body>\n</html>\n", out);
	return fflush(out) != 0 || ferror(out) ? -1 : 0;
}
