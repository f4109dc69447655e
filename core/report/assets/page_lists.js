// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

// The table of lines of code, and stacks in the form of a traceback.

const SITES_STEP = 25, STACKS_FIRST = 10;

/** Lines of code, with their numbers by measure; see html_data.c. */
const sites = data.sites.map(numbers => ({
    frame: frameTable[numbers[0]],
    self: numbers.slice(1, 4),
    blocks: numbers.slice(4, 7),
    all: numbers.slice(7, 10),
}));

const siteColumns = [
    {name: "By the line itself", key: site => site.self[view.measure], number: true},
    {name: "With what it called", key: site => site.all[view.measure], number: true},
    {name: "Blocks", key: site => site.blocks[view.measure], number: true},
    {name: "File and line", key: site => site.frame.path, also: site => site.frame.line},
    {name: "Function", key: site => site.frame.name},
    {name: "Source", key: site => site.frame.source},
];

const siteView = {column: 0, down: true, wanted: "", rows: SITES_STEP};

function compareSites(a, b) {
    const {key, also} = siteColumns[siteView.column];
    const compare = (x, y) => x < y ? -1 : x > y ? 1 : 0;
    let order = compare(key(a), key(b)) || (also ? compare(also(a), also(b)) : 0);
    order = siteView.down ? -order : order;
    return order || b.self[view.measure] - a.self[view.measure];
}

function chosenSites() {
    return sites
        .filter(site => site.all[view.measure] > 0 || site.self[view.measure] > 0)
        .filter(site => site.frame.text.includes(siteView.wanted))
        .sort(compareSites);
}

function sortSites(column) {
    siteView.down = siteView.column === column ? !siteView.down
        : Boolean(siteColumns[column].number);
    siteView.column = column;
    drawSites();
    byId("sites").querySelectorAll("th button")[column].focus();
}

function siteHeading(column, number) {
    const sorted = siteView.column === number;
    const order = siteView.down ? "descending" : "ascending";
    return make("th", {
        scope: "col", class: column.number && "number", "aria-sort": sorted ? order : "none",
    }, make("button", {type: "button", onclick: () => sortSites(number)}, column.name));
}

/** A number of bytes with a bar of its share. */
function bytesCell(bytes, name) {
    const share = bytes / currentMeasure().bytes || 0;
    const cell = make("td", {class: "number bytes", title: formatExact(bytes), "data-name": name},
        formatBytes(bytes), make("small", {}, formatPercent(bytes, currentMeasure().bytes)));
    cell.style.setProperty("--share", `${Math.min(share, 1) * 100}%`);
    return cell;
}

function siteRow(site) {
    const {frame} = site;
    const at = frame.line ? `:${frame.line}` : "";
    const text = frame.source || frame.place;
    return make("tr", {class: frame.own && "own"},
        bytesCell(site.self[view.measure], siteColumns[0].name),
        bytesCell(site.all[view.measure], siteColumns[1].name),
        make("td", {class: "number", "data-name": "Blocks"},
            formatCount(site.blocks[view.measure])),
        make("td", {class: "place", title: frame.full + at},
            ...frame.label ? [] : breakable(frame.path + at)),
        make("td", {class: "function"}, frame.name),
        make("td", {class: "source"}, make("button", {
            type: "button", title: "Show in the graph", onclick: () => showInGraph(frame),
        }, text, frame.changed ? make("em", {}, " (the file has changed since)") : "")));
}

function drawSites() {
    const chosen = chosenSites();
    const rows = chosen.slice(0, siteView.rows);
    const table = make("table", {},
        make("thead", {}, make("tr", {}, ...siteColumns.map(siteHeading))),
        make("tbody", {}, ...rows.map(siteRow)));
    const more = chosen.length - rows.length;
    byId("sites").replaceChildren(
        chosen.length ? table : make("p", {class: "empty"}, "no line matches"),
        more > 0 ? make("button", {
            type: "button", class: "more",
            onclick: () => {
                siteView.rows += SITES_STEP * 2;
                drawSites();
            },
        }, `Show more (${formatCount(more)} left)`) : "");
}

function startSites() {
    byId("sites-tools").append(make("input", {
        type: "search", id: "filter", placeholder: "Filter by file, function or source",
        "aria-label": "Filter the lines by file, function or source",
        oninput: event => {
            siteView.wanted = event.target.value.toLowerCase();
            siteView.rows = SITES_STEP;
            drawSites();
        },
    }));
}

/** One line of a traceback; number < 0 stands for frames left out. */
function traceLine(number) {
    if (number < 0) {
        return make("li", {class: "elided"}, `… ${plural(-number, "more frame")}`);
    }
    const frame = frameTable[number];
    const at = frame.line ? `:${frame.line}` : "";
    return make("li", {class: frame.own && "own"},
        make("span", {class: "place", title: frame.full + at},
            frame.label ? "" : frame.path + at + " "),
        make("span", {class: "function"}, frame.name),
        frame.source ? make("code", {}, frame.source) : "");
}

/** The frames that say most of a stack: where it left the workload's own code, and its end. */
function stackSummary(numbers) {
    const known = numbers.filter(number => number >= 0).map(number => frameTable[number]);
    const last = known[known.length - 1];
    const own = known.filter(frame => frame.own).pop();
    if (!last) {
        return "";
    }
    return own && own !== last ? `${own.place} … ${last.place}` : last.place;
}

function stackDetails(heading, numbers, open) {
    return make("details", {open},
        make("summary", {}, ...heading, make("span", {class: "where"}, stackSummary(numbers))),
        make("ol", {class: "trace"}, ...numbers.map(traceLine)));
}

function drawStacks() {
    const {bytes: whole, noun} = currentMeasure();
    const stacks = data.stacks[view.measure].map(([bytes, blocks, numbers], i) => stackDetails([
        make("b", {title: formatExact(bytes)}, formatBytes(bytes)),
        make("span", {class: "share"}, formatPercent(bytes, whole)),
        make("span", {class: "blocks"}, plural(blocks, "block")),
    ], numbers, i === 0));
    byId("stacks-title").textContent = `Largest stacks of ${noun}`;
    const place = byId("stacks"), rest = stacks.splice(STACKS_FIRST);
    place.replaceChildren(...stacks.length ? stacks
        : [make("p", {class: "empty"}, "no memory was tracked")]);
    if (rest.length) {
        place.append(make("button", {
            type: "button", class: "more",
            onclick: event => event.target.replaceWith(...rest),
        }, `Show ${formatCount(rest.length)} more`));
    }
}

/** What the threads were doing: only where the data has it, which is when that matters. */
function drawThreads() {
    const items = [];
    const [breachTitle, breachStack] = data.breach;
    if (breachStack.length) {
        items.push(stackDetails([make("b", {}, breachTitle)], breachStack, true));
    }
    if (data.failed.length) {
        items.push(stackDetails([make("b", {}, "The allocation that was refused")],
            data.failed, true));
    }
    for (const [pid, tid, age, broke, numbers] of data.threads) {
        const when = age === null ? "where it was stopped"
            : age === 0 ? "made the last allocation of all"
            : `${plural(age, "allocation")} before the last of all`;
        const name = pid === tid ? "Main thread" : `Thread ${tid}`;
        items.push(stackDetails([
            make("b", {}, name),
            broke ? make("em", {}, "reached the limit") : "",
            make("span", {class: "share"}, when),
        ].filter(Boolean), numbers, broke || age === 0));
    }
    byId("threads").replaceChildren(...items);
    byId("threads-section").hidden = items.length === 0;
}
