# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""What was measured of each case, and its table."""

import dataclasses
import statistics

import cases

COLUMNS = "tool", "CPU", "CPU all", "wall", "RSS", "MB", "report s"


@dataclasses.dataclass(frozen=True)
class Result:
    """Of a case: {tool: {round: run}}, and why some tools could not: {tool: reason}."""

    case: cases.Case
    runs: dict = dataclasses.field(default_factory=dict)
    refusals: dict = dataclasses.field(default_factory=dict)

    def of(self, tool):
        """{round: run}; empty if the tool was not measured, or could not."""
        return self.runs.get(tool, {})

    def ratios(self, tool, key):
        """Of each round's own bare run."""
        bare, runs = self.of("bare"), self.of(tool)
        return [runs[number][key] / bare[number][key] for number in runs if number in bare]

    def values(self, tool, key):
        return [run[key] for run in self.of(tool).values()]

    def median(self, tool, key):
        return statistics.median(self.values(tool, key))

    def as_json(self):
        python = self.case.python
        return {"workload": self.case.workload.name, "python": python and python.version,
                "runs": self.runs, "refusals": self.refusals}


def ratio(result, tool, key):
    ratios = result.ratios(tool, key)
    if not ratios:
        return "-"
    return f"{statistics.median(ratios):.2f} [{min(ratios):.2f}-{max(ratios):.2f}]"


def rows(result):
    yield ("bare", f"{result.median('bare', 'cpu_s'):.2f} s", "",
           f"{result.median('bare', 'wall_s'):.2f} s",
           f"{result.median('bare', 'rss_kib') / 1024:.0f} MiB", "", "")
    for tool in result.case.tools:
        if result.of(tool.name):
            yield (tool.name, *(ratio(result, tool.name, key) for key in
                                ("cpu_s", "cpu_all_s", "wall_s", "rss_kib")),
                   f"{result.median(tool.name, 'output_bytes') / 1e6:.2f}",
                   f"{result.median(tool.name, 'report_s'):.2f}")


def table(cells):
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    return "".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
                   + "\n" for row in cells)


def tables(results):
    """The text of each case, then who could not, and why."""
    for result in results:
        if result.of("bare"):
            yield f"{result.case.name}\n{table([COLUMNS, *rows(result)])}"
    for result in results:
        for tool, reason in result.refusals.items():
            yield f"{tool} cannot run {result.case.name}: {reason}\n"
