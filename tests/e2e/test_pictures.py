# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Pictures in advance: what is left where everything in a container is killed together.

Version 1 of cgroups knows no memory.oom.group. Here the kernel lets all processes of a full cgroup
wait instead (memory.oom_control), and we kill them at that moment.
"""
# alone: fills a cgroup, and has to have both processors while it does

import os
import re
import signal
import subprocess

import pytest
import runs
from cgroups import Unavailable, memory_cgroup
from runs import FIL, MIB, PYTHON, WORKLOADS

FILLS = WORKLOADS / "fills_memory.py"
GUILTY = f"{FILLS}:{runs.marked_lines(FILLS)['guilty']}"


@pytest.fixture(name="group")
def fixture_group():
    """Of 300 MB, in which whoever needs more waits."""
    try:
        with memory_cgroup(300 * MIB) as group:
            if not (group.folder / "memory.oom_control").exists():
                pytest.skip("a cgroup of version 2 does not let its processes wait")
            (group.folder / "memory.oom_control").write_text("1")
            yield group
    except Unavailable as reason:
        pytest.skip(str(reason))


def die_together(group, folder, *options, loud=False):
    """Run until the group is full, then kill all of it. What fil-profile said."""
    command = runs.command_of([FILLS, "1000"], PYTHON, options)
    if loud:
        command.remove("--quiet")
    with subprocess.Popen([str(word) for word in command], cwd=folder, preexec_fn=group.enter,
                          stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        while "under_oom 1" not in (group.folder / "memory.oom_control").read_text():
            assert process.poll() is None
        for pid in group.pids():
            os.kill(pid, signal.SIGKILL)
        err = process.stderr.read()
    assert process.returncode == -signal.SIGKILL
    return err.decode()


def result(folder):
    """The folder of the run: who is left to finish a file that is being written?"""
    found, = (folder / "fil-result").iterdir()
    return found, sorted(path.name for path in found.iterdir() if path.name[0] != ".")


def test_a_picture_outlives_all(group, tmp_path):
    die_together(group, tmp_path)
    folder, names = result(tmp_path)
    assert names == ["picture-in-advance.fil", "picture-in-advance.txt"]
    shown = runs.run([FIL, "report", "--format=folded", folder], tmp_path)
    assert (shown.returncode, shown.stderr) == (0, b"")
    stacks = runs.Stacks(shown.stdout.decode())
    # How late it came is a matter of chance; that it shows whose memory it is, is not.
    assert stacks.allocated_at(GUILTY) >= 100 * MIB
    assert stacks.allocated_at(GUILTY) >= 0.9 * stacks.total()
    text = " ".join((folder / "picture-in-advance.txt").read_text().split())
    assert "verdict still running when this picture was taken in advance, because memory" in text
    assert f'File "{FILLS}", line {GUILTY.rsplit(":", 1)[1]}, in read_more' in text


def test_none_is_taken_if_that_is_turned_off(group, tmp_path):
    die_together(group, tmp_path, "--disable-oom-detection")
    assert result(tmp_path)[1] == []


HOLDS = """
import glob, os, sys
held = []
def used():
    stat = dict(line.split() for line in open(sys.argv[1] + "/memory.stat"))
    files = int(stat["total_inactive_file"]) + int(stat["total_active_file"])
    return int(open(sys.argv[1] + "/memory.usage_in_bytes").read()) - files
def pictures(): return sorted(glob.glob("fil-result/*/picture-in-advance.*"))
def hold_until_a_picture(of_bytes):
    while used() < of_bytes:
        held.append(b"x" * (1 << 19))
    while len(pictures()) < 2:
        pass
"""
HOLDS_UNTIL_ANOTHER_PICTURE = HOLDS + """
hold_until_a_picture(290 << 20)
first = os.stat(pictures()[0]).st_ino
held.append(bytes(64 << 20))  # is never touched
while os.stat(pictures()[0]).st_ino == first:
    pass
print(*(path.split("/")[-1] for path in pictures()))
"""


# A picture of 260,000 stacks takes 105 MB, less than half of the 230 that are left then.
HOLDS_MANY_STACKS = HOLDS + """
def grow(depth):
    held.append(bytes(100))
    if depth:
        grow(depth - 1)
        grow(depth - 1)
grow(17)
hold_until_a_picture(279 << 20)
"""


def run_in(group, folder, script):
    """Run it in the group, with its folder as argument."""
    (folder / "holds.py").write_text(script)
    command = runs.command_of(["holds.py", group.folder], PYTHON)
    command.remove("--quiet")
    return runs.Run(runs.run(command, folder, preexec_fn=group.enter), folder)


def test_one_of_many_stacks_does_not_yield_to_itself(group, tmp_path):
    for name in ("memory.memsw.limit_in_bytes", "memory.limit_in_bytes"):
        (group.folder / name).write_text(str(500 * MIB))
    ended = run_in(group, tmp_path, HOLDS_MANY_STACKS)
    assert (ended.status, ended.out) == (0, b"")
    ended.report().assert_complete()


def test_the_report_of_the_end_takes_its_place(group, tmp_path):
    ended = run_in(group, tmp_path, HOLDS_UNTIL_ANOTHER_PICTURE)
    assert (ended.status, ended.out) == (0, b"picture-in-advance.fil picture-in-advance.txt\n")
    ended.report().assert_complete()
    told = re.findall(r"memory runs low: 2\d\d\.\d MiB of the container's 300\.0 MiB are used;"
                      r" should all be killed, what was held is in fil-result/\S*\.txt",
                      ended.err.decode())
    assert len(told) == 1, ended.err
