# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Native stacks, program counter for program counter as a debugger sees them."""

import collections
import itertools
import os
import re
import shutil
import subprocess

import pytest
import runs
from runs import PYTHON, ROOT, WORKLOADS, profile
from segments import Label, Native, Python, Segment

PROGRAMS = ROOT / "build/workloads"
GDB = shutil.which("gdb")
NO_TABLE = "[callers unknown: no unwind data]"
needs_gdb = pytest.mark.skipif(not GDB, reason="no gdb here")


def stacks_of_gdb(command, function, sizes, tmp_path, after="main"):
    """Stack, as (path, address) from the outermost frame: bytes of the sizes allocated there."""
    out = tmp_path / "gdb.stacks"
    told = {"GDB_FUNCTION": function, "GDB_SIZES": "{} {}".format(*sizes), "GDB_OUT": str(out),
            "GDB_AFTER": after}
    done = subprocess.run([GDB, "-nx", "-batch", "-x", ROOT / "tests/e2e/gdb_stacks.py", "--args",
                           *map(str, command)], env={**os.environ, **told}, capture_output=True,
                          text=True, timeout=runs.HANG_S, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    stacks = collections.Counter()
    for line in out.read_text().splitlines():
        size, *frames = line.split("\t")
        stacks[tuple(place(*frame.rsplit(" ", 1)) for frame in frames)] += int(size)
    return stacks


def place(path, address):
    return os.path.realpath(path), int(address, 16)


def run_and_read(command, tmp_path, options=()):
    """What the hook wrote. The segment's file goes at the end of a run: a second name stays."""
    keep = ["sh", "-c", 'ln run.segment kept.segment && exec "$@"', "sh"]
    run = profile(["--", *keep, *command], tmp_path, options=["--segment=run.segment", *options])
    assert run.status == 0, run.err
    run.report().assert_complete()
    return run, list(Segment(tmp_path / "kept.segment").entries())


def have_sizes(entry, sizes):
    """True if a stack's blocks are of these sizes, one with another."""
    blocks = entry.total_blocks
    return blocks and sizes[0] <= entry.total_bytes // blocks <= sizes[1]


def stacks_of_the_hook(command, sizes, tmp_path, options=()):
    """The same from a run under fil-profile: of stacks that hold blocks of these sizes only."""
    stacks = collections.Counter()
    for entry in run_and_read(command, tmp_path, options)[1]:
        if have_sizes(entry, sizes):
            frames = tuple((os.path.realpath(frame.path), frame.address)
                           if isinstance(frame, Native) else frame for frame in entry.stack)
            stacks[frames] += entry.total_bytes
    return stacks


def differences(ours, theirs):
    """The first few stacks that only one side has."""
    lines = []
    for name, some, others in (("hook", ours, theirs), ("gdb", theirs, ours)):
        for stack in list(some - others)[:3]:
            lines.append(f"only {name}: {some[stack]} bytes")
            lines += [f"    {frame}" for frame in stack]
    return "\n".join(lines)


def without_guesses(ours, theirs):
    """Where our stacks end for lack of unwind data, gdb guesses: both without what lies beyond."""
    ends = {stack[1] for stack in ours if stack[0] == Label(NO_TABLE)}
    known, cut = collections.Counter(), collections.Counter()
    for stack, size in ours.items():
        known[stack[1:] if stack[0] == Label(NO_TABLE) else stack] += size
    for stack, size in theirs.items():
        last = [number for number, frame in enumerate(stack) if frame in ends]
        cut[stack[last[-1]:] if last else stack] += size
    return known, cut


def assert_as_gdb(command, tmp_path, sizes=(1000000, 1000999), least=200, after="main",
                  ends_early=False):
    theirs = stacks_of_gdb(command, "malloc", sizes, tmp_path, after)
    ours = stacks_of_the_hook(command, sizes, tmp_path)
    assert sum(theirs.values()) // sizes[0] >= least
    assert ends_early == any(stack[0] == Label(NO_TABLE) for stack in ours)
    ours, theirs = without_guesses(ours, theirs)
    assert ours == theirs, differences(ours, theirs)
    return ours


@needs_gdb
def test_agrees_with_gdb(tmp_path):
    assert_as_gdb([PROGRAMS / "recurses_at_random"], tmp_path)


BUILDS = [
    # At fixed addresses, with gaps between its segments.
    ("recurses_at_random.c", "gcc", "-O2", "-no-pie", "-Wl,-z,max-page-size=0x200000"),
    # musl is built without unwind tables: stacks end where it calls main.
    ("recurses_at_random.c", "musl-gcc", "-O2", "-Wl,--eh-frame-hdr"),
    ("jumps_to_its_last_calls.c", "gcc", "-O2", "-fomit-frame-pointer"),
    ("throws_and_instantiates.cpp", "g++", "-O2", "-fomit-frame-pointer"),
    ("boxes_and_closes_over.rs", "rustc", "-O", "-C", "force-frame-pointers=no"),
    ("allocates_arrays.f90", "gfortran", "-O2", "-fomit-frame-pointer"),
]


@needs_gdb
@pytest.mark.parametrize("build", BUILDS, ids=lambda build: f"{build[1]}-{build[0]}")
def test_agrees_with_gdb_however_built(build, tmp_path):
    source, compiler, *options = build
    if not shutil.which(compiler):
        pytest.skip(f"no {compiler} here")
    program = tmp_path / "program"
    subprocess.run([compiler, *options, "-o", program, WORKLOADS / source], check=True,
                   cwd=tmp_path)
    assert_as_gdb([program], tmp_path, ends_early=compiler == "musl-gcc")


@needs_gdb
def test_agrees_with_gdb_where_stacks_are_odd(tmp_path):
    """Coroutines, handlers on stacks of their own, the smallest thread, longjmp."""
    assert_as_gdb([PROGRAMS / "keeps_its_stacks_straight"], tmp_path, sizes=(1000001, 1000005),
                  least=39)


def test_a_stack_ends_at_code_without_a_file(tmp_path):
    _, entries = run_and_read([PROGRAMS / "keeps_its_stacks_straight"], tmp_path)
    stacks = [entry.stack for entry in entries if have_sizes(entry, (1000006, 1000006))]
    assert len(stacks) == 1
    # Below it: keep(), which called_by_machine_code() has jumped to.
    assert stacks[0][0] == Label("[machine code without a file]") and len(stacks[0]) == 2


# The same instructions in the same places, but for the size of the frame.
WORK = """
#include <stddef.h>
void *work(void *(*allocate)(size_t), size_t bytes)
{
	volatile char frame[FRAME_BYTES];
	frame[0] = 1;
	void *block = allocate(bytes);
	return frame[0] ? block : NULL;
}
"""


def test_a_library_in_the_place_of_another_has_its_own_stacks(tmp_path):
    """Closed in a way that nobody is told of."""
    libraries = [tmp_path / "small.so", tmp_path / "large.so"]
    for library, frame_bytes in zip(libraries, (24, 88)):
        subprocess.run(["gcc", "-O1", "-shared", "-fPIC", "-fno-stack-protector",
                        f"-DFRAME_BYTES={frame_bytes}", "-o", library, "-x", "c", "-"],
                       input=WORK.encode(), check=True)
    order = [0, 1, 0, 1, 1, 0]
    command = [PROGRAMS / "swaps_libraries_unseen", *(libraries[i] for i in order)]
    _, entries = run_and_read(command, tmp_path)
    blocks = [entry for entry in entries if have_sizes(entry, (1000001, 1000006))]
    callers = {entry.stack[:-1] for entry in blocks}
    assert sum(entry.total_blocks for entry in blocks) == len(order)
    assert {entry.stack[-1].path for entry in blocks} == {str(path) for path in libraries}
    assert len(callers) == 1 and len(callers.pop()) >= 3


@needs_gdb
def test_agrees_with_gdb_on_node(tmp_path):
    """Up to where code begins that was made while it ran, or has no tables, as V8's own has not."""
    node = shutil.which("node")
    if not node:
        pytest.skip("no node here; install it with: apt-get install nodejs")
    stacks = assert_as_gdb([node, "--single-threaded", WORKLOADS / "allocates_buffers.js"],
                           tmp_path, least=300, after="getppid", ends_early=True)
    assert all(len(stack) >= 5 for stack in stacks)


def is_of_interpreter(frame):
    return re.match(r"(lib)?python3[.\d]*", os.path.basename(frame[0]))


def without_interpreter(stack):
    """Frames of a debugger's stack that are left when Python's take the place of others."""
    launched = itertools.dropwhile(
        lambda frame: is_of_interpreter(frame) or "/libc.so." in frame[0], stack)
    return tuple(frame for frame in launched if not is_of_interpreter(frame))


def has_numpy(python):
    return subprocess.run([python, "-c", "import numpy"], capture_output=True,
                          check=False).returncode == 0


@needs_gdb
@pytest.mark.parametrize("python", [PYTHON, "/usr/bin/python3"], ids=["PyPI", "Debian"])
def test_agrees_with_gdb_on_numpy(python, tmp_path):
    """The frames of machine code that --native shows."""
    if not has_numpy(python):
        pytest.skip(f"{python} has no NumPy; Debian's is python3-numpy")
    command = [python, WORKLOADS / "allocates_arrays_at_random.py"]
    sizes = (1000000, 1000999)
    theirs, ours = collections.Counter(), collections.Counter()
    for stack, size in stacks_of_gdb(command, "malloc", sizes, tmp_path, "getppid").items():
        theirs[without_interpreter(stack)] += size
    for stack, size in stacks_of_the_hook(command, sizes, tmp_path, ["--native"]).items():
        ours[tuple(frame for frame in stack if not isinstance(frame, Python))] += size
    assert sum(theirs.values()) // sizes[0] >= 150
    assert ours == theirs, differences(ours, theirs)


def name_of(frame):
    """The function of a Python frame, without what it is defined in."""
    return frame.name.rsplit(".", 1)[-1]


def assert_native_frames_are_where_they_were_called(stack):
    """Outside of the interpreter only ctypes calls Python here; inside are the allocating ones."""
    python = [number for number, frame in enumerate(stack) if isinstance(frame, Python)]
    for number in python[1:]:
        called_by = stack[number - 1]
        assert isinstance(called_by, Native) == (name_of(stack[number]) == "from_ctypes"), stack
    assert all(isinstance(frame, Native) for frame in stack[python[-1] + 1:])
    assert python[0] == 0 and python[-1] < len(stack) - 1, stack


# Of the blocks that scripts below hold.
HELD = (1_000_000, 1_001_000)


def stacks_that_python_says(run):
    """Names of functions, outermost first: bytes allocated there, as the script has printed."""
    stacks = collections.Counter()
    for line in run.out.decode().splitlines():
        size, *names = line.split()
        stacks[tuple(names)] += int(size)
    return stacks


def stacks_of_python(entries):
    """The same of what the hook wrote."""
    stacks = collections.Counter()
    for entry in entries:
        names = [name_of(frame) for frame in entry.stack if isinstance(frame, Python)]
        stacks[tuple(names)] += entry.total_bytes
    return stacks


@runs.every_version
@pytest.mark.parametrize("script, least", [("calls_back_from_c.py", 31),
                                           ("allocates_alike_one_call_further_out.py", 2)])
def test_python_frames_stand_among_native_ones(script, least, version, tmp_path):
    """Each stack has the Python frames that Python itself says, in their order."""
    command = [runs.interpreter(version), WORKLOADS / script]
    run, entries = run_and_read(command, tmp_path, ["--native"])
    held = [entry for entry in entries if have_sizes(entry, HELD)]
    for entry in held:
        assert_native_frames_are_where_they_were_called(entry.stack)
    expected = stacks_that_python_says(run)
    assert len(expected) >= least
    assert stacks_of_python(held) == expected


@runs.every_version
def test_python_frames_stand_on_what_has_called_them(version, tmp_path):
    """Also where they are as they were, and only the machine code in between is not."""
    command = [runs.interpreter(version), WORKLOADS / "allocates_alike_through_c.py"]
    run, entries = run_and_read(command, tmp_path, ["--native"])
    expected, found = stacks_that_python_says(run), collections.Counter()
    for entry in entries:
        if have_sizes(entry, HELD):
            python = [number for number, frame in enumerate(entry.stack)
                      if isinstance(frame, Python)]
            assert [name_of(entry.stack[number]) for number in python][-2:] == ["main", "called"]
            caller = entry.stack[python[-1] - 1]
            found[("C" if isinstance(caller, Native) else "Python",)] += entry.total_bytes
    assert len(expected) == 2
    assert found == expected


# Built without unwind tables: what has called it is not to be found.
CALL = """
void *PyObject_CallObject(void *, void *);
void *call(void *function)
{
	return PyObject_CallObject(function, 0);
}
"""


@runs.every_version
def test_python_frames_are_kept_where_machine_code_has_no_tables(version, tmp_path):
    """Also of the calls that the native stack does not reach."""
    library = tmp_path / "without_tables.so"
    subprocess.run(["gcc", "-O1", "-shared", "-fPIC", "-fno-asynchronous-unwind-tables",
                    "-fno-optimize-sibling-calls", "-o", library, "-x", "c", "-"],
                   input=CALL.encode(), check=True)
    command = [runs.interpreter(version), WORKLOADS / "calls_back_from_code_without_tables.py",
               library]
    run, entries = run_and_read(command, tmp_path, ["--native"])
    expected = stacks_that_python_says(run)
    assert len(expected) >= 7
    assert stacks_of_python(entry for entry in entries if have_sizes(entry, HELD)) == expected
