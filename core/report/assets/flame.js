// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

// What is written on a box of a flame graph, and its colour: as core/report/flame_label.c does it,
// for boxes that change their width. In the page and in the stand-alone SVG.
"use strict";

/** Columns that a text takes in a monospaced font, nearly. */
function textColumns(text) {
    let columns = 0;
    for (const c of text) {
        const code = c.codePointAt(0);
        const wide = code >= 0x2e80 && code < 0xfe00 || code > 0x1f2ff;
        columns += wide ? 2 : 1;
    }
    return columns;
}

/** The start of a text, with an ellipsis if it has more columns. */
function clipEnd(text, columns) {
    if (textColumns(text) <= columns) {
        return text;
    }
    if (columns < 4) {
        return "";
    }
    let used = 0, start = "";
    for (const c of text) {
        used += textColumns(c);
        if (used > columns - 1) {
            break;
        }
        start += c;
    }
    return start + "…";
}

/** The end of a text that has more columns. */
function clipStart(text, columns) {
    const chars = Array.from(text);
    while (chars.length && textColumns(chars.join("")) > columns - 1) {
        chars.shift();
    }
    return "…" + chars.join("");
}

/** As much of "path:line (function)" as fits; path is "" for a frame that is only a label. */
function fitLabel(path, line, name, columns) {
    if (!path) {
        return clipEnd(name, columns);
    }
    const at = line ? ":" + line : "";
    const rest = at.length + textColumns(name) + 3;
    for (let start = 0;;) {
        const slash = path.indexOf("/", start + 1);
        const mark = start === 0 || slash < 0 ? "" : "…/";
        const shown = mark + path.slice(start);
        if (textColumns(shown) + rest <= columns) {
            return `${shown}${at} (${name})`;
        }
        if (slash < 0) {
            break;
        }
        start = slash + 1;
    }
    const file = path.slice(path.lastIndexOf("/") + 1) || path;
    const left = columns - textColumns(file) - at.length;
    if (left >= 0) {
        return file + at + (left >= 7 ? ` (${clipEnd(name, left - 3)})` : "");
    }
    return columns >= at.length + 8 ? clipStart(file, columns - at.length) + at
        : clipEnd(name, columns);
}

/** The colour of a box that holds a share (0 to 1) of the whole: the wider the redder. */
function flameColour(share) {
    const stops = [[253, 240, 192], [253, 216, 143], [251, 180, 109], [244, 134, 106]];
    const heat = Math.sqrt(Math.min(Math.max(share, 0), 1)) * (stops.length - 1);
    const stop = Math.min(Math.floor(heat), stops.length - 2);
    const mixed = stops[stop].map((low, i) =>
        Math.round(low + (stops[stop + 1][i] - low) * (heat - stop)));
    return `rgb(${mixed.join(",")})`;
}
