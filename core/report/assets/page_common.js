// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

// What the parts of the page share: the data, making elements, writing numbers as the C code does
// (core/report/units.c).

const data = JSON.parse(document.getElementById("data").textContent);

/** What the reader has chosen. source: show source lines; wanted: the text searched for. */
const view = {measure: data.shown, reversed: false, source: true, wanted: "", zoom: null};

const byId = id => document.getElementById(id);

/** An element with properties (on... as listeners, others as attributes) and children. */
function make(tag, properties, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties || {})) {
        if (name.startsWith("on")) {
            element.addEventListener(name.slice(2), value);
        } else if (value !== false && value !== undefined && value !== null) {
            element.setAttribute(name, value === true ? "" : value);
        }
    }
    element.append(...children.filter(child => child !== null && child !== ""));
    return element;
}

function formatCount(count) {
    return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

function plural(count, word) {
    return `${formatCount(count)} ${word}${count === 1 ? "" : "s"}`;
}

/** "1.5 GiB": one decimal, halves up. */
function formatBytes(bytes) {
    if (bytes < 1024) {
        return plural(bytes, "byte");
    }
    let one = 1024, tenths = 0;
    for (const unit of ["KiB", "MiB", "GiB", "TiB"]) {
        tenths = Math.floor((bytes * 10 + one / 2) / one);
        if (tenths < 10240 || unit === "TiB") {
            return `${formatCount(Math.floor(tenths / 10))}.${tenths % 10} ${unit}`;
        }
        one *= 1024;
    }
    return "";
}

function formatPercent(part, whole) {
    if (!part || !whole) {
        return "0 %";
    }
    const tenths = Math.floor(part / whole * 1000 + 0.5);
    if (tenths === 0) {
        return "< 0.1 %";
    }
    return tenths === 1000 ? "100 %" : `${Math.floor(tenths / 10)}.${tenths % 10} %`;
}

/** "1.5 GiB (1,610,612,736 bytes)". */
function formatExact(bytes) {
    const exact = bytes < 1024 ? "" : ` (${plural(bytes, "byte")})`;
    return formatBytes(bytes) + exact;
}

const LABEL = 1, OWN = 2, CHANGED = 4;

/** Everything about a frame, by its number in the page. */
const frameTable = data.frames.map(([file, line, name, source, flags]) => {
    const label = (flags & LABEL) !== 0;
    const [full, path] = label ? ["", ""] : data.files[file];
    const at = line ? ":" + line : "";
    return {
        full, path, line, name, source,
        own: (flags & OWN) !== 0,
        changed: (flags & CHANGED) !== 0,
        label,
        place: label ? name : `${path}${at} (${name})`,
        text: `${full}${at} (${name})\n${path}${at} (${name})\n${source}`.toLowerCase(),
    };
});

/** A set of buttons of which one is pressed. choose(value) is called for a press. */
function choice(name, options, chosen, choose) {
    const group = make("div", {class: "choice", role: "group", "aria-label": name});
    const press = value => {
        for (const button of group.children) {
            button.setAttribute("aria-pressed", String(button.value === String(value)));
        }
    };
    for (const [value, text] of options) {
        group.append(make("button", {
            type: "button", value,
            onclick: () => {
                press(value);
                choose(value);
            },
        }, text));
    }
    press(chosen);
    return group;
}

/** A path that may be broken behind its slashes. */
function breakable(path) {
    const parts = path.split("/");
    return parts.flatMap((part, i) =>
        i < parts.length - 1 ? [`${part}/`, document.createElement("wbr")] : [part]);
}

function currentMeasure() {
    return data.measures[view.measure];
}
