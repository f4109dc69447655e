// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

// The stand-alone flame graph comes to life: it takes the window's width, zooms, searches, and
// tells what is under the pointer. Without this it is a complete picture with tooltips.
"use strict";
(() => {
    // A page may be nothing but a frame around it (a notebook's output); pasted into another one it
    // stays a picture.
    const top = document.documentElement;
    const svg = top.localName === "svg" ? top : document.querySelector("body.flame > svg");
    if (!svg) {
        return;
    }
    const XHTML = "http://www.w3.org/1999/xhtml";
    const MARGIN = 10, MIN_WIDTH = 320;
    const byId = id => document.getElementById(id);
    const graph = byId("graph");
    const boxes = [...graph.querySelectorAll(".f")].map(element => {
        const lines = element.querySelector("title").textContent.split("\n");
        const code = element.querySelector(".code");
        return {
            element, lines, code,
            name: element.querySelector(".name"),
            source: code ? lines[1] : "",
            left: parseFloat(element.getAttribute("x")),
            width: parseFloat(element.getAttribute("width")),
            top: parseFloat(element.getAttribute("y")),
            bytes: Number(element.dataset.b),
        };
    });
    const boxOf = new Map(boxes.map(box => [box.element, box]));
    const root = boxes[0];
    const NEARLY = 1e-5;
    let zoomed = root, current = root, graphWidth = 0, columnWidth = 7.224;

    const covers = (outer, inner) => outer.left <= inner.left + NEARLY
        && outer.left + outer.width >= inner.left + inner.width - NEARLY;

    function write(box, width) {
        const columns = Math.floor((width - 8) / columnWidth);
        const data = box.element.dataset;
        box.name.textContent = fitLabel(data.p || "", data.l, data.f, columns);
        if (box.code) {
            box.code.textContent = clipEnd(box.source, columns);
        }
    }

    function draw() {
        for (const box of boxes) {
            const below = box.top >= zoomed.top && covers(zoomed, box);
            const above = box.top < zoomed.top && covers(box, zoomed);
            box.element.classList.toggle("hidden", !below && !above);
            box.element.classList.toggle("above", above);
            const left = above ? 0 : (box.left - zoomed.left) / zoomed.width * 100;
            const width = above ? 100 : box.width / zoomed.width * 100;
            if (below || above) {
                box.element.setAttribute("x", left + "%");
                box.element.setAttribute("width", width + "%");
                write(box, graphWidth * width / 100);
            }
        }
        byId("reset").classList.toggle("hidden", zoomed === root);
    }

    function resize() {
        const width = Math.max(svg.clientWidth || window.innerWidth, MIN_WIDTH);
        graphWidth = width - 2 * MARGIN;
        graph.setAttribute("width", graphWidth);
        find.setAttribute("x", width - MARGIN - 200);
        byId("match").setAttribute("x", width - MARGIN - 210);
        byId("bar").setAttribute("width", width);
        byId("reset").setAttribute("x", width - MARGIN);
        draw();
        follow();
    }

    // The details stay at the lower edge of what is to be seen of the graph.
    function follow() {
        const height = svg.height.baseVal.value;
        const bottom = Math.min(window.scrollY + window.innerHeight, height);
        details.setAttribute("transform", `translate(0 ${bottom - 26})`);
    }

    function tell(box) {
        details.classList.toggle("hidden", !box);
        if (box) {
            const size = box.lines[box.lines.length - 1];
            const left = Math.floor((graphWidth - 8) / 6.4) - size.length - 5;
            const {p, l, f} = box.element.dataset;
            const place = fitLabel(p || "", l, f, left);
            const source = clipEnd(box.source, left - place.length - 5);
            const parts = [size, place, source].filter(text => text);
            byId("tell").textContent = parts.join("  ·  ");
        }
    }

    function zoom(box) {
        zoomed = box;
        draw();
        select(box, true);
    }

    // One box is the tab stop; arrows move from box to box.
    function select(box, focus) {
        current.element.setAttribute("tabindex", "-1");
        current = box;
        box.element.setAttribute("tabindex", "0");
        if (focus) {
            box.element.focus({preventScroll: true});
        }
    }

    const shown = box => !box.element.classList.contains("hidden");
    const beside = (box, side) => boxes
        .filter(other => shown(other) && other.top === box.top)
        .filter(other => (other.left - box.left) * side > 0)
        .sort((a, b) => (a.left - b.left) * side)[0];
    const neighbours = {
        ArrowUp: box => boxes.filter(other =>
            other.top < box.top && covers(other, box)).pop(),
        ArrowDown: box => boxes.find(other =>
            shown(other) && other.top > box.top && covers(box, other)),
        ArrowLeft: box => beside(box, -1),
        ArrowRight: box => beside(box, 1),
        Home: () => root,
    };

    function search(text) {
        const wanted = text.toLowerCase();
        let end = -1, bytes = 0, count = 0;
        svg.classList.toggle("searching", wanted !== "");
        for (const box of boxes) { // a box comes before those within it
            const title = box.lines.slice(0, -1).join("\n").toLowerCase();
            const hit = wanted !== "" && title.includes(wanted) && box !== root;
            box.element.classList.toggle("hit", hit);
            if (hit) {
                count++;
            }
            if (hit && box.left > end - NEARLY) {
                bytes += box.bytes;
                end = box.left + box.width;
            }
        }
        const share = root.bytes ? bytes / root.bytes * 100 : 0;
        const percent = share.toFixed(1).replace(/\.0$/, "");
        const found = `${percent} % in ${count} box${count === 1 ? "" : "es"}`;
        byId("match").textContent = wanted === "" ? "" : count ? found : "no match";
    }

    function element(name, attributes, parent) {
        const made = document.createElementNS(svg.namespaceURI, name);
        for (const [key, value] of Object.entries(attributes)) {
            made.setAttribute(key, value);
        }
        return parent.appendChild(made);
    }

    const match = element("text", {id: "match", class: "sub", y: 23}, svg);
    match.setAttribute("text-anchor", "end");
    match.setAttribute("aria-live", "polite");
    const find = element("foreignObject", {y: 7, width: 200, height: 26}, svg);
    const input = find.appendChild(document.createElementNS(XHTML, "input"));
    input.className = "find";
    input.type = "search";
    input.placeholder = "Search (/)";
    input.setAttribute("aria-label", "Search functions, files and source lines");
    input.addEventListener("input", () => search(input.value));
    const details = element("g", {class: "details hidden"}, svg);
    element("rect", {id: "bar", height: 26}, details);
    element("text", {id: "tell", x: MARGIN + 4, y: 17}, details);

    const reset = byId("reset");
    reset.addEventListener("click", () => zoom(root));
    reset.addEventListener("keydown", event => {
        if (event.key === "Enter" || event.key === " ") {
            event.preventDefault();
            event.stopPropagation();
            zoom(root);
        }
    });
    const boxAt = event => boxOf.get(event.target.closest && event.target.closest(".f"));
    graph.addEventListener("click", event => {
        if (boxAt(event)) {
            zoom(boxAt(event));
        }
    });
    graph.addEventListener("pointerover", event => tell(boxAt(event)));
    graph.addEventListener("pointerleave", () => tell(null));
    graph.addEventListener("focusin", event => {
        if (boxAt(event)) {
            select(boxAt(event), false);
            tell(boxAt(event));
        }
    });
    graph.addEventListener("focusout", () => tell(null));
    document.addEventListener("keydown", event => {
        const box = boxAt(event);
        if (event.key === "Escape") {
            input.value = "";
            search("");
            zoom(root);
        } else if (event.target === input) {
            return;
        } else if (event.key === "/") {
            event.preventDefault();
            input.focus();
        } else if (box && (event.key === "Enter" || event.key === " ")) {
            event.preventDefault();
            zoom(box);
        } else if (box && neighbours[event.key]) {
            event.preventDefault();
            select(neighbours[event.key](box) || box, true);
        }
    });

    for (const box of boxes) {
        box.element.setAttribute("tabindex", box === root ? "0" : "-1");
        box.element.setAttribute("role", "button");
    }
    const probe = element("svg", {class: "f"}, svg);
    const ruler = element("text", {}, probe);
    ruler.textContent = "0".repeat(100);
    columnWidth = Math.round(ruler.getComputedTextLength() * 10) / 1000 || columnWidth;
    probe.remove();
    svg.removeAttribute("viewBox");
    svg.setAttribute("width", "100%");
    svg.classList.add("live");
    window.addEventListener("resize", resize);
    window.addEventListener("scroll", follow);
    resize();
})();
