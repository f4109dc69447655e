# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""What all threads were doing when a limit was seen to be crossed from outside."""

import json
import os
import pathlib
import re
import signal

import pytest

import runs
from runs import WORKLOADS, every_version, interpreter, marked_lines, profile

WORKLOADS_BUILD = pathlib.Path(os.environ["WORKLOADS_BUILD"])
OUTSIDE = ["--limit=400M", "--no-fault-counter"]


def require_ptrace():
    """Who may not trace his children has no such stacks."""
    scope = pathlib.Path("/proc/sys/kernel/yama/ptrace_scope")
    if scope.exists() and int(scope.read_text()) > 1 and os.geteuid() != 0:
        pytest.skip("kernel.yama.ptrace_scope lets nobody trace here")


def part(report, title):
    """The lines below a heading, up to the next one."""
    lines = report.text.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(title)) + 1
    end = next((i for i in range(start, len(lines)) if re.match(r"\w", lines[i])), len(lines))
    return lines[start:end]


def places(lines, name):
    """[[function, line]] of the frames of that file."""
    found = (re.match(r'\s*File "(.*)", line (\d+), in (.*)', line) for line in lines)
    return [[one[3], int(one[2])] for one in found if one and one[1].endswith(name)]


def threads_of(report):
    """tid: (the words behind it, the lines of its stack)"""
    found, tid = {}, None
    for line in part(report, "Where its threads were"):
        match = re.match(r"  thread (\d+)(.*)", line)
        if match:
            tid = int(match[1])
            found[tid] = (match[2], [])
        elif tid:
            found[tid][1].append(line)
    return found


@every_version
@pytest.mark.parametrize("options", [[], ["--native"]], ids=["python", "native"])
def test_the_python_stacks_of_all_threads_are_read(version, options, tmp_path):
    require_ptrace()
    script = WORKLOADS / "touches_deep_inside.py"
    marks = marked_lines(script)
    run = profile([script], tmp_path, interpreter(version), [*OUTSIDE, *options])
    assert run.status == -signal.SIGKILL, run.err
    said = json.loads(run.out)
    expected = said["frames"]
    # It spoke in the line before.
    expected[-1][1] = marks["touches"]
    report = run.report("out-of-memory")
    assert "seen from outside" in report.text
    assert places(part(report, "Where it was when the limit"), script.name) == expected
    threads = threads_of(report)
    assert all(tid in threads for tid in said["threads"])
    for tid in said["threads"]:
        words, lines = threads[tid]
        assert words == ", where it was stopped"
        assert places(lines, script.name) == [["wait_for_it", marks["waits"]]]
        assert any("threading.py" in line for line in lines)


def test_the_native_stacks_of_all_threads_are_read(tmp_path):
    require_ptrace()
    run = profile([WORKLOADS_BUILD / "touches_beside_its_threads"], tmp_path, None, OUTSIDE)
    assert run.status == -signal.SIGKILL, run.err
    report = run.report("out-of-memory")
    name = "touches_beside_its_threads.c"
    assert [function for function, _ in places(part(report, "Where it was when the limit"), name)
            ] == ["touch", "touch_each_page"]
    threads = threads_of(report)
    assert len(threads) == 3
    toucher = int(run.out)
    assert threads[toucher][0] == ", which reached the limit, where it was stopped"
    stacks = [[function for function, _ in places(lines, name)]
              for tid, (_, lines) in threads.items() if tid != toucher]
    assert sorted(stacks) == [["main"], ["wait_for_ever"]]


def test_the_page_shows_them_and_the_capture_keeps_them(tmp_path):
    require_ptrace()
    run = profile([WORKLOADS_BUILD / "touches_beside_its_threads"], tmp_path, None, OUTSIDE)
    report = run.report("out-of-memory")
    assert re.search(r'"threads":\[\[\d+,\d+,null,1,', (report.folder / "index.html").read_text())
    again = runs.run([runs.FIL, "report", "--format=text", report.folder], tmp_path)
    assert again.returncode == 0, again.stderr
    text = again.stdout.decode()
    assert text.count("where it was stopped") == 3
    assert "in touch_each_page" in text
