# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""The stacks that hold most of the peak, byte for byte and frame for frame, beside heaptrack's."""

import collections
import re
import subprocess

import pytest
from real_programs import PROGRAMS, require, surroundings, write_inputs
from runs import WORKLOADS, profile

# Of the peak: a stack that holds less is not compared. The environment is another, and what
# heaptrack brings along allocates as well.
LEAST_SHARE = 0.01


def without_arguments(name):
    """The last name of a demangled function: no arguments of functions or templates, no type."""
    name = name.replace("(anonymous namespace)", "").replace("operator<<", "operator")
    while True:
        shorter = re.sub(r"<[^<>]*>|\([^()]*\)", "", name)
        if shorter == name:
            return name.removesuffix(" const").split(" ")[-1].strip("&*")
        name = shorter


def of_ours(frame):
    """The function of "FILE:LINE (FUNCTION)"; of "MODULE+0xADDRESS" what no loading changes."""
    unnamed = re.search(r"\+0x([0-9a-f]+)$", frame)
    return unnamed[1][-3:].rjust(3, "0") if unnamed else without_arguments(
        re.match(r"[^ ]+ \((.*)\)$", frame)[1])


def of_theirs(frame):
    """The same of "FUNCTION (FILE)" and "0xADDRESS"."""
    unnamed = re.match(r" *0x([0-9a-f]+)\b", frame)
    return unnamed[1][-3:] if unnamed else without_arguments(re.sub(r" \([^()]*\)$", "", frame))


def folded(text, name_of):
    """Bytes by stack."""
    stacks = collections.Counter()
    for line in text.splitlines():
        stack, size = line.rsplit(" ", 1)
        frames = [name_of(frame) for frame in stack.rstrip("; ").split(";")]
        # heaptrack stands in front of operator new itself.
        if frames[-1] == "new":
            frames.pop()
        # Libraries that only one of both brings along begin, too.
        if "_dl_init" not in frames:
            stacks[tuple(frames)] += int(size)
    return stacks


def heaptrack_stacks(command, cwd):
    require("heaptrack", "heaptrack_print")
    subprocess.run(["heaptrack", "-o", "recorded", *command], cwd=cwd, env=surroundings(),
                   stdin=subprocess.DEVNULL, capture_output=True, check=True)
    data, = cwd.glob("recorded*")
    subprocess.run(["heaptrack_print", "-f", data, "-t", "0", "-m", "0", "-p", "0", "-a", "0",
                    "-T", "0", "-F", "stacks", "--flamegraph-cost-type", "peak"],
                   cwd=cwd, capture_output=True, check=True)
    return folded((cwd / "stacks").read_text(), of_theirs)


def our_stacks(command, cwd):
    run = profile(["--", *command], cwd, env=surroundings())
    assert run.status == 0, run.err
    return folded(run.report().folded_text("peak"), of_ours)


def largest(stacks, least):
    """(bytes, stack) of those that hold at least so much."""
    return [(size, stack) for stack, size in stacks.most_common() if size >= least]


def is_the_same(ours, theirs):
    """True if they differ at most in the frames before main, and in the order of inlined ones."""
    return ours[0] == theirs[0] and sorted(ours[1]) == sorted(theirs[1][-len(ours[1]):])


def assert_agree(command, cwd, least_stacks):
    theirs, ours = heaptrack_stacks(command, cwd), our_stacks(command, cwd)
    least = LEAST_SHARE * sum(ours.values())
    found = largest(ours, least)
    assert len(found) >= least_stacks
    for one in largest(theirs, least):
        same = [other for other in found if is_the_same(other, one)]
        assert len(same) == 1, f"{one} is none of ours: {found}"
        found.remove(same[0])
    assert not found


# Which have so many stacks that are compared.
@pytest.mark.parametrize("name, least_stacks", [("xz", 3), ("sort", 1), ("perl", 5),
                                                ("sqlite3", 4), ("awk", 3)])
def test_the_same_stacks_hold_most_of(name, least_stacks, tmp_path):
    require(name)
    write_inputs(tmp_path)
    assert_agree(PROGRAMS[name], tmp_path, least_stacks)


def test_the_same_stacks_of_cpp_hold_most(tmp_path):
    """Templates, what is inlined, destructors while an exception is on its way."""
    require("g++")
    command = [tmp_path / "program"]
    subprocess.run(["g++", "-O2", "-g", "-o", *command,
                    WORKLOADS / "throws_and_instantiates.cpp"], check=True)
    assert_agree(command, tmp_path, 10)


def test_the_same_stacks_of_heaptrack_hold_most(tmp_path):
    """A program of C++ from the distribution, at work on what it has recorded."""
    require("heaptrack")
    write_inputs(tmp_path)
    (tmp_path / "of-sqlite3").mkdir()
    require("sqlite3")
    subprocess.run(["heaptrack", "-o", "of-sqlite3/recorded", *PROGRAMS["sqlite3"]], cwd=tmp_path,
                   stdin=subprocess.DEVNULL, capture_output=True, check=True)
    data, = (tmp_path / "of-sqlite3").iterdir()
    assert_agree(["heaptrack_print", "-f", data], tmp_path, 2)
