// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

// Starts the page: the switches above the graph, and what depends on them.

function chooseView(change) {
    Object.assign(view, change);
    view.zoom = graphOf(view.measure, view.reversed).root;
    currentBox = null;
    byId("graph-title").textContent = currentMeasure().name;
    drawGraph();
    drawSites();
    drawStacks();
}

function startTools() {
    const end = data.outOfMemory ? "When memory ran out" : "At the end";
    byId("graph-tools").append(
        choice("What to show", [[0, "Peak"], [1, end], [2, "All ever allocated"]],
            view.measure, measure => chooseView({measure})),
        choice("Order of the graph", [[false, "Callers on top"], [true, "What allocated on top"]],
            view.reversed, reversed => chooseView({reversed})),
        make("label", {}, make("input", {
            type: "checkbox", id: "with-source", checked: true,
            onchange: event => {
                view.source = event.target.checked;
                drawGraph();
            },
        }), "source lines"),
        make("span", {class: "find"},
            make("input", {
                type: "search", id: "search", placeholder: "Search (/)",
                "aria-label": "Search functions, files and source lines in the graph",
                oninput: event => searchFor(event.target.value),
            }),
            make("output", {id: "match", for: "search"})),
        make("button", {
            type: "button", id: "reset", disabled: true,
            onclick: () => zoomTo(graphOf(view.measure, view.reversed).root, false),
        }, "Reset zoom"));
}

/** The time of the start in the reader's own time zone. */
function localiseTimes() {
    for (const time of document.querySelectorAll("time")) {
        const date = new Date(time.dateTime);
        time.title = time.textContent;
        const styles = {dateStyle: "medium", timeStyle: "medium"};
        time.textContent = date.toLocaleString(undefined, styles);
    }
}

/** Paper has no clicks: show every stack on it. */
function openForPrinting() {
    let opened = [];
    window.addEventListener("beforeprint", () => {
        opened = [...document.querySelectorAll("details:not([open])")];
        for (const details of opened) {
            details.open = true;
        }
    });
    window.addEventListener("afterprint", () => {
        for (const details of opened) {
            details.open = false;
        }
    });
}

document.addEventListener("keydown", event => {
    const typing = event.target instanceof HTMLInputElement;
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        byId("search").focus();
    } else if (event.key === "Escape" && event.target === byId("search")) {
        searchFor("");
    }
});

startTools();
startChart();
startSites();
startGraph();
chooseView({});
drawThreads();
localiseTimes();
openForPrinting();
