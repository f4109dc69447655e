# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""What fil-profile may cost, and a table of that beside what was measured: for the README."""

import dataclasses
import statistics

# Who tracks every allocation with its stack: of Python objects too, and of programs.
EXACT_OF_PYTHON = ("memray, Python allocators", "memray, both, native")
EXACT_OF_PROGRAMS = ("heaptrack",)


@dataclasses.dataclass(frozen=True)
class Target:
    """One row: a workload, what of it, by which of our tools, and at most how much."""

    label: str
    workload: str
    most: float
    tool: str = "fil-profile"
    # A key of a run: its ratio to the bare run's, or itself if there is a unit.
    key: str = "cpu_s"
    unit: str = ""


TARGETS = [
    Target("pandas job", "pandas_job", 1.08),
    Target("the same, native stacks", "pandas_job", 1.15, "fil-profile --native"),
    Target("object churn", "object_churn", 1.20),
    Target("many calls, few allocations", "call_heavy", 1.25),
    Target("recursion, 430 frames an allocation", "deep_recursion", 2.5),
    Target("`import pandas`", "import_pandas", 1.5),
    Target("C churn, 1 thread, native stacks", "c_churn_1", 3),
    Target("C churn, 1 thread, no stacks", "c_churn_1", 2, "fil-profile --native=no"),
    Target("C churn, 2 threads, native stacks", "c_churn_2", 3),
    Target("memory of small objects", "object_churn", 1.15, key="rss_kib"),
    Target("memory of arrays", "numpy_threads", 1.02, key="rss_kib"),
    Target("files of a run", "pandas_job", 1, key="output_bytes", unit="MB"),
    Target("until the report is there", "pandas_job", 0.5, key="report_s", unit="s"),
]
SCALES = {"output_bytes": 1e-6, "report_s": 1}


def value(target, by_tool, tool):
    """What a tool was measured at, or None."""
    runs, bare = by_tool.get(tool) or {}, by_tool.get("bare") or {}
    if target.unit:
        found = [run[target.key] * SCALES[target.key] for run in runs.values()]
    else:
        found = [runs[number][target.key] / bare[number][target.key] for number in runs
                 if number in bare]
    return statistics.median(found) if found else None


def number(target, measured):
    return f"{measured:.2f}" + (f" {target.unit}" if target.unit else "")


def best_peer(target, by_tool):
    runs_python = any(tool in by_tool for tool in EXACT_OF_PYTHON)
    found = [(value(target, by_tool, tool), tool)
             for tool in (EXACT_OF_PYTHON if runs_python else EXACT_OF_PROGRAMS)]
    found = [one for one in found if one[0] is not None]
    if not found:
        return "–"
    measured, tool = min(found)
    return f"{number(target, measured)} ({tool.split(',')[0]})"


def table(runs):
    """Lines of Markdown; runs is {workload: {tool: {round: run}}}."""
    yield "| case | at most | `fil-profile` | best exact peer |"
    yield "|---|---|---|---|"
    for target in TARGETS:
        by_tool = runs.get(target.workload, {})
        measured = value(target, by_tool, target.tool)
        if measured is not None:
            yield (f"| {target.label} | {number(target, target.most)} |"
                   f" {number(target, measured)} | {best_peer(target, by_tool)} |")
