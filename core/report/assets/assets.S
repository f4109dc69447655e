// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

/* The files of this folder as bytes in the tool: see assets.h. The Makefile's -I is the root. */
.macro asset name, file
	.globl asset_\name
	.globl asset_\name\()_end
	.hidden asset_\name
	.hidden asset_\name\()_end
	.type asset_\name, %object
asset_\name:
	.incbin "core/report/assets/\file"
asset_\name\()_end:
	.byte 0
	.size asset_\name, . - asset_\name
.endm

	.section .rodata.report_assets, "a"
	asset flame_js, flame.js
	asset svg_js, svg.js
	asset svg_css, svg.css
	asset page_common_js, page_common.js
	asset page_graph_js, page_graph.js
	asset page_lists_js, page_lists.js
	asset page_chart_js, page_chart.js
	asset page_js, page.js
	asset page_css, page.css
	.section .note.GNU-stack, "", %progbits
