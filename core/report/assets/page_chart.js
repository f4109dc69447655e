// SPDX-License-Identifier: Apache-2.0
// Copyright the fil-profile authors

// Values under the pointer in the chart that core/report/timeline_chart.c has drawn.

const series = ["tracked", "anonymous", "shared", "file", "cgroup"];
const seriesNames = [
    "tracked", "resident, own", "resident, shared", "resident, files", "container",
];

function formatTime(ms) {
    const seconds = ms / 1000;
    if (seconds < 60) {
        return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
    }
    const minutes = Math.floor(seconds / 60);
    if (minutes < 60) {
        return `${minutes} min ${Math.floor(seconds % 60)} s`;
    }
    return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** The number of the bin that holds a time: the last one that begins before it. */
function sampleAt(ms) {
    let low = 0, high = data.samples.length - 1;
    while (low < high) {
        const middle = Math.ceil((low + high) / 2);
        if (data.samples[middle][0] <= ms) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low;
}

function startChart() {
    const chart = byId("chart");
    if (!chart) {
        return;
    }
    const plot = chart.querySelector(".plot");
    const end = Number(chart.dataset.end);
    const line = make("div", {class: "cursor", hidden: true});
    const tip = make("div", {class: "tip", hidden: true, "aria-live": "polite"});
    const used = series.filter((_, i) => data.samples.some(sample => sample[i + 1]));
    let current = -1;
    plot.append(line, tip);

    function show(number) {
        current = Math.max(0, Math.min(number, data.samples.length - 1));
        const sample = data.samples[current];
        const share = sample[0] / end;
        line.style.left = `${share * 100}%`;
        tip.style.left = share < 0.5 ? `calc(${share * 100}% + 10px)` : "";
        tip.style.right = share < 0.5 ? "" : `calc(${(1 - share) * 100}% + 10px)`;
        tip.replaceChildren(make("b", {}, formatTime(sample[0])), make("dl", {},
            ...used.flatMap(name => {
                const i = series.indexOf(name);
                return [make("dt", {}, make("i", {class: `key ${name}`}), seriesNames[i]),
                    make("dd", {}, formatBytes(sample[i + 1]))];
            })));
        line.hidden = tip.hidden = false;
    }

    function hide() {
        line.hidden = tip.hidden = true;
        current = -1;
    }

    plot.addEventListener("pointermove", event => {
        const box = plot.getBoundingClientRect();
        show(sampleAt((event.clientX - box.left) / box.width * end));
    });
    plot.addEventListener("pointerleave", hide);
    chart.addEventListener("blur", hide);
    chart.addEventListener("keydown", event => {
        const step = {ArrowLeft: -1, ArrowRight: 1}[event.key];
        if (step) {
            event.preventDefault();
            show(current < 0 ? 0 : current + step * (event.shiftKey ? 10 : 1));
        }
    });
}
