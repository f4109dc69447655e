# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""What fil-profile may cost, and tables of that beside what was measured: for the README."""

import dataclasses
import pathlib
import statistics
import sys

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"
BEGIN, END = "<!-- from make bench-readme -->\n", "<!-- end -->\n"

# Who tracks every allocation with its stack: of Python objects too; below Python; of programs.
EXACT_OF_PYTHON = ("memray, Python allocators", "Fil")
EXACT_BELOW_PYTHON = ("memray, both, native",)
EXACT_OF_PROGRAMS = ("heaptrack",)


@dataclasses.dataclass(frozen=True)
class Target:
    """One row: a workload, what of it, by which of our tools, and at most how much."""

    label: str
    workload: str
    most: float
    tool: str = "fil-profile"
    peers: tuple = EXACT_OF_PYTHON
    # A key of a run: its ratio to the bare run's, or itself if there is a unit.
    key: str = "cpu_s"
    unit: str = ""
    # With a unit: what it is more than in the bare run.
    beyond_bare: bool = False


TARGETS = [
    Target("pandas job", "pandas_job", 1.08),
    Target("the same, native stacks", "pandas_job", 1.15, "fil-profile --native",
           EXACT_BELOW_PYTHON),
    Target("object churn", "object_churn", 1.20),
    Target("many calls, few allocations", "call_heavy", 1.25),
    Target("calls that allocate nothing", "calls_only", 1),
    Target("recursion, 430 frames an allocation", "deep_recursion", 2.5),
    Target("`import pandas`", "import_pandas", 1.5),
    Target("C churn, 1 thread, native stacks", "c_churn_1", 3, peers=EXACT_OF_PROGRAMS),
    Target("C churn, 1 thread, no stacks", "c_churn_1", 2, "fil-profile --native=no",
           EXACT_OF_PROGRAMS),
    Target("C churn, 2 threads, native stacks", "c_churn_2", 3, peers=EXACT_OF_PROGRAMS),
    Target("memory of small objects", "object_churn", 1.15, key="rss_kib"),
    Target("memory of arrays", "numpy_threads", 1.02, key="rss_kib"),
    Target("memory where nothing is allocated", "calls_only", 8, key="rss_kib", unit="MB",
           beyond_bare=True),
    Target("files of a run", "pandas_job", 1, key="output_bytes", unit="MB"),
    Target("until the report is there", "pandas_job", 0.5, key="report_s", unit="s"),
    Target("the same, of 100,000 stacks", "many_stacks", 0.5, key="report_s", unit="s"),
]
SCALES = {"output_bytes": 1e-6, "report_s": 1, "rss_kib": 1024e-6}


def value(target, result, tool):
    """What a tool was measured at, or None."""
    if not target.unit:
        found = result.ratios(tool, target.key)
    else:
        own = statistics.median(result.values("bare", target.key)) if target.beyond_bare else 0
        found = [(one - own) * SCALES[target.key] for one in result.values(tool, target.key)]
    return statistics.median(found) if found else None


def number(target, measured):
    return f"{measured:.2f}" + (f" {target.unit}" if target.unit else "")


def best_peer(target, result):
    found = [(value(target, result, tool), tool) for tool in target.peers]
    found = [one for one in found if one[0] is not None]
    if not found:
        return "–"
    measured, tool = min(found)
    return f"{number(target, measured)} ({tool.split(',')[0]})"


def table(heading, results):
    """Lines of Markdown of some cases, of a workload each."""
    by_workload = {result.case.workload.name: result for result in results}
    yield f"| {heading} | at most | `fil-profile` | best exact peer |"
    yield "|---|---|---|---|"
    for target in TARGETS:
        result = by_workload.get(target.workload)
        if not result or not result.of("bare"):
            continue
        measured = value(target, result, target.tool)
        if measured is not None:
            yield (f"| {target.label} | {number(target, target.most)} |"
                   f" {number(target, measured)} | {best_peer(target, result)} |")


def tables(results):
    """One for each Python; programs that are no scripts are in the first."""
    pythons = list(dict.fromkeys(result.case.python for result in results if result.case.python))
    if not pythons:
        return "\n".join(table("case", results)) + "\n"
    programs = [result for result in results if not result.case.python]
    parts = [[result for result in results if result.case.python == python] for python in pythons]
    parts[0] += programs
    return "\n".join("\n".join(table(f"case, {python.name}", part)) + "\n"
                     for python, part in zip(pythons, parts))


def only_shown(cases):
    """Cases with those tools alone that have a part in a table."""
    for case in cases:
        shown = {name for target in TARGETS if target.workload == case.workload.name
                 for name in (target.tool, *target.peers)}
        if shown:
            yield dataclasses.replace(
                case, tools=tuple(tool for tool in case.tools if tool.name in shown))


def put_into_readme(results):
    """The tables in place of the README's; not if the first would lack a row."""
    text = tables(results)
    missing = [target.label for target in TARGETS if f"\n| {target.label} |" not in text]
    if missing:
        print(f"README.md is left as it is: not measured: {', '.join(missing)}", file=sys.stderr)
        return
    before, rest = README.read_text().split(BEGIN)
    _, after = rest.split(END)
    README.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")
