// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

// The flame graph of the page: boxes are elements placed in percent of the width, made anew for
// each zoom, so that a part that is zoomed into shows what was too narrow before.

const NAME_PX = 20, CODE_PX = 19, BOX_MIN_PX = 1.5;
const ROOT = -1;

const graphs = new Map();

/** The boxes of a graph, root first, as a tree; see write_graph of core/report/html_data.c. */
function graphOf(measure, reversed) {
    const key = measure * 2 + (reversed ? 1 : 0);
    if (!graphs.has(key)) {
        const [stacks, hiddenStacks, hiddenBytes, numbers] = data.graphs[measure][reversed ? 1 : 0];
        const boxes = [];
        for (let i = 0; i < numbers.length; i += 5) {
            const [frame, parent, bytes, blocks, self] = numbers.slice(i, i + 5);
            const box = {frame, bytes, blocks, self, parent: null, children: []};
            if (i > 0) {
                box.parent = boxes[parent];
                box.parent.children.push(box);
            }
            boxes.push(box);
        }
        graphs.set(key, {boxes, root: boxes[0], stacks, hiddenStacks, hiddenBytes});
    }
    return graphs.get(key);
}

function boxName(box) {
    if (box.frame === ROOT) {
        return `all: ${formatBytes(box.bytes)}`;
    }
    return `… ${plural(-1 - box.frame, "more frame")}`;
}

const boxSource = box => view.source && box.frame >= 0 ? frameTable[box.frame].source : "";
const boxHeight = box => NAME_PX + (boxSource(box) ? CODE_PX : 0);

function isHit(box) {
    if (!view.wanted || box.frame === ROOT) {
        return false;
    }
    const text = box.frame >= 0 ? frameTable[box.frame].text : boxName(box);
    return text.includes(view.wanted);
}

function boxColour(box, root) {
    if (box.frame < 0 || frameTable[box.frame].label) {
        return "var(--label-box)";
    }
    return flameColour(box.bytes / root.bytes);
}

/** What is to be seen: [box, left, width, top], positions as shares and pixels. */
function visibleBoxes(graph, minShare) {
    const seen = [];
    let top = 0, narrow = 0;
    const above = [];
    for (let box = view.zoom.parent; box; box = box.parent) {
        above.unshift(box);
    }
    for (const box of above) {
        seen.push([box, 0, 1, top]);
        top += boxHeight(box);
    }
    const waiting = [[view.zoom, 0, 1, top]];
    while (waiting.length) {
        const place = waiting.pop();
        const [box, left, , boxTop] = place;
        seen.push(place);
        let at = left;
        const below = [];
        for (const child of box.children) {
            const width = child.bytes / view.zoom.bytes;
            if (width < minShare) {
                narrow += 1;
                continue;
            }
            below.unshift([child, at, width, boxTop + boxHeight(box)]);
            at += width;
        }
        waiting.push(...below);
    }
    return {seen, narrow, above: above.length};
}

let columnPx = 7.224;
const shownBoxes = new Map();
let currentBox = null;

function makeBox([box, left, width, top], graph, widthPx, above) {
    const columns = Math.floor((width * widthPx - 8) / columnPx);
    const frame = box.frame >= 0 ? frameTable[box.frame] : null;
    const label = frame ? fitLabel(frame.path, frame.line, frame.name, columns)
        : clipEnd(boxName(box), columns);
    const source = boxSource(box);
    const classes = ["box", frame && frame.own && "own", above && "above", isHit(box) && "hit"];
    const element = make("div", {
        class: classes.filter(name => name).join(" "),
        role: "button", tabindex: "-1",
        "aria-label": `${frame ? frame.place : boxName(box)}, ${formatBytes(box.bytes)}`,
    }, make("span", {class: "name"}, label));
    if (source) {
        element.append(make("span", {class: "code"}, clipEnd(source, columns)));
    }
    element.style.left = `${left * 100}%`;
    element.style.width = `${width * 100}%`;
    element.style.top = `${top}px`;
    element.style.height = `${boxHeight(box)}px`;
    element.style.setProperty("--box", boxColour(box, graph.root));
    shownBoxes.set(element, box);
    return element;
}

function drawGraph() {
    const graph = graphOf(view.measure, view.reversed);
    const place = byId("graph");
    place.classList.toggle("searching", view.wanted !== "");
    shownBoxes.clear();
    if (!graph.root.bytes) {
        place.replaceChildren(make("p", {class: "empty"}, "no memory was tracked"));
        place.style.height = "";
        byId("graph-foot").textContent = "";
        return;
    }
    const widthPx = place.clientWidth;
    const {seen, narrow, above} = visibleBoxes(graph, BOX_MIN_PX / widthPx);
    place.replaceChildren(...seen.map((at, i) => makeBox(at, graph, widthPx, i < above)));
    const bottoms = seen.map(([box, , , top]) => top + boxHeight(box));
    place.style.height = `${Math.max(...bottoms)}px`;
    byId("reset").disabled = view.zoom === graph.root;
    writeFoot(graph, narrow);
    writeMatch(graph);
    selectBox(elementOf(currentBox) || elementOf(view.zoom), false);
}

function writeFoot(graph, narrow) {
    const parts = [`${plural(graph.stacks, "stack")}. Wider and redder holds more.`];
    if (narrow) {
        parts.push(`${plural(narrow, "box").replace(/boxs$/, "boxes")} too narrow to be drawn:`
            + " zoom in to see them.");
    }
    if (graph.hiddenStacks) {
        const share = formatPercent(graph.hiddenBytes, graph.root.bytes);
        const one = graph.hiddenStacks === 1;
        parts.push(`The smallest ${plural(graph.hiddenStacks, "stack")} (${share})`
            + ` ${one ? "is" : "are"} not in this page to ${one ? "its" : "their"} end, but count`
            + ` in the boxes above ${one ? "its" : "their"} last ones.`);
    }
    byId("graph-foot").textContent = parts.join(" ");
}

/** How much of all is in boxes that match, those within others not counted twice. */
function writeMatch(graph) {
    let bytes = 0, count = 0;
    const inside = new Set();
    for (const box of graph.boxes) { // a box comes before those within it
        const hit = isHit(box);
        count += hit ? 1 : 0;
        if (hit && !inside.has(box.parent)) {
            bytes += box.bytes;
        }
        if (hit || inside.has(box.parent)) {
            inside.add(box);
        }
    }
    const boxes = count === 1 ? "1 box" : `${formatCount(count)} boxes`;
    const found = `${formatPercent(bytes, graph.root.bytes)} in ${boxes}`;
    byId("match").textContent = !view.wanted ? "" : count ? found : "no match";
}

function elementOf(wanted) {
    for (const [element, box] of shownBoxes) {
        if (box === wanted) {
            return element;
        }
    }
    return null;
}

/** Make an element the tab stop of the graph. */
function selectBox(element, focus) {
    if (!element) {
        return;
    }
    for (const other of byId("graph").querySelectorAll("[tabindex='0']")) {
        other.tabIndex = -1;
    }
    element.tabIndex = 0;
    currentBox = shownBoxes.get(element);
    if (focus) {
        element.focus({preventScroll: true});
        element.scrollIntoView({block: "nearest"});
    }
}

function zoomTo(box, focus) {
    view.zoom = box;
    currentBox = box;
    drawGraph();
    selectBox(elementOf(box), focus);
    tellBox(focus ? box : null);
}

function tellBox(box) {
    const place = byId("details");
    if (!box) {
        place.replaceChildren(make("p", {class: "hint"},
            "Point at a box for its numbers; click to zoom into it. On the keyboard: Tab into"
            + " the graph, then arrows, Enter and Escape."));
        return;
    }
    const {root} = graphOf(view.measure, view.reversed);
    const frame = box.frame >= 0 ? frameTable[box.frame] : null;
    const at = frame && frame.line ? `:${frame.line}` : "";
    const size = `${formatExact(box.bytes)}, ${formatPercent(box.bytes, root.bytes)} of`
        + ` ${currentMeasure().noun}, in ${plural(box.blocks, "block")}`;
    const self = frame && !view.reversed && box.self && box.self !== box.bytes
        ? `; ${formatBytes(box.self)} by this line itself` : "";
    place.replaceChildren(
        make("p", {}, make("b", {}, frame ? frame.name : boxName(box)),
            make("span", {class: "path"}, frame && !frame.label ? ` ${frame.full}${at}` : "")),
        frame && frame.source ? make("p", {class: "code"}, frame.source,
            frame.changed ? make("em", {}, " (the file has changed since)") : "") : "",
        make("p", {}, size + self));
}

/** The box next to another one, as the arrow keys go. */
function neighbour(box, key) {
    const shown = [...shownBoxes.values()];
    const siblings = box.parent && box !== view.zoom
        ? box.parent.children.filter(child => shown.includes(child)) : [box];
    const at = siblings.indexOf(box);
    switch (key) {
    case "ArrowUp": return box.parent;
    case "ArrowDown": return shown.find(other => other.parent === box);
    case "ArrowLeft": return siblings[at - 1];
    case "ArrowRight": return siblings[at + 1];
    case "Home": return graphOf(view.measure, view.reversed).root;
    default: return undefined;
    }
}

function onGraphKey(event) {
    const box = shownBoxes.get(event.target);
    if (!box || event.altKey || event.ctrlKey || event.metaKey) {
        return;
    }
    if (event.key === "Enter" || event.key === " ") {
        zoomTo(box, true);
    } else if (event.key === "Escape") {
        zoomTo(graphOf(view.measure, view.reversed).root, true);
    } else if (event.key.startsWith("Arrow") || event.key === "Home") {
        selectBox(elementOf(neighbour(box, event.key)), true);
    } else {
        return;
    }
    event.preventDefault();
}

/** Search for a text, from the field or from elsewhere in the page. */
function searchFor(text) {
    byId("search").value = text;
    view.wanted = text.toLowerCase();
    drawGraph();
}

function showInGraph(frame) {
    view.zoom = graphOf(view.measure, view.reversed).root;
    searchFor(frame.place);
    byId("graph-section").scrollIntoView({block: "start"});
}

function startGraph() {
    const place = byId("graph");
    const boxAt = event => shownBoxes.get(event.target.closest(".box"));
    place.addEventListener("click", event => {
        if (boxAt(event)) {
            zoomTo(boxAt(event), true);
        }
    });
    place.addEventListener("pointerover", event => tellBox(boxAt(event)));
    place.addEventListener("pointerleave", () => tellBox(null));
    place.addEventListener("focusin", event => {
        selectBox(event.target.closest(".box"), false);
        tellBox(boxAt(event));
    });
    place.addEventListener("keydown", onGraphKey);
    const ruler = make("span", {class: "ruler"}, "0".repeat(100));
    place.replaceChildren(ruler);
    columnPx = ruler.getBoundingClientRect().width / 100 || columnPx;
    let lastWidth = place.clientWidth;
    new ResizeObserver(() => {
        if (place.clientWidth !== lastWidth) {
            lastWidth = place.clientWidth;
            drawGraph();
        }
    }).observe(place);
    tellBox(null);
}
