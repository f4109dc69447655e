// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/*
 * Style sheets and scripts of the page and the SVG, embedded in the tool as they are in this
 * folder. None holds "]]>" or an end tag, so each can stand in a CDATA section, a script element
 * and a style element. Not terminated: an asset ends where its _end is.
 */
#ifndef CORE_REPORT_ASSETS_ASSETS_H
#define CORE_REPORT_ASSETS_ASSETS_H

#define ASSET(name) \
	extern const char asset_##name[]; \
	extern const char asset_##name##_end[]

ASSET(flame_js);
ASSET(svg_js);
ASSET(svg_css);
ASSET(page_common_js);
ASSET(page_graph_js);
ASSET(page_lists_js);
ASSET(page_chart_js);
ASSET(page_js);
ASSET(page_css);

#undef ASSET

/** Write an asset to a stream. */
#define asset_write(out, name) \
	fwrite(asset_##name, 1, (size_t)(asset_##name##_end - asset_##name), out)

#endif
