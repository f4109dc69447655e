# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Allocators that are linked in: only what they map is seen, and the report says so."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

import pytest
import runs
from runs import FIL, ROOT, profile

SOURCE = ROOT / "tests/workloads/grows_in_two_functions.c"
RESERVES = ROOT / "build/workloads/fills_some_of_what_it_reserves"
MIB = 1 << 20


def linked_with(library, tmp_path, *libraries):
    """The program with that static library of the distribution in it."""
    found = list(pathlib.Path("/usr/lib").rglob(library))
    if not found:
        pytest.skip(f"{library} is not installed")
    program = tmp_path / "grows"
    # Not -static: only the allocator is in the program.
    subprocess.run(["g++", "-x", "c", "-O1", "-g", SOURCE, "-x", "none", found[0], "-o", program,
                    "-lpthread", "-ldl", "-lm", *libraries], check=True)
    return program


def note_of(text):
    """How much it says was mapped, of which share, by what and where."""
    found = re.search(r"([\d.,]+ MiB) \(([\d.]+ %)\) of the peak are mappings of (\w+) inside "
                      r"(\S+):", " ".join(text.split()))
    assert found, text[:3000]
    return found.groups()


def test_mappings_have_the_stacks_that_grew_them(tmp_path):
    program = linked_with("libjemalloc_pic.a", tmp_path)
    run = profile(["--", program], tmp_path)
    assert run.status == 0, run.err
    report = run.report()
    report.assert_complete()
    mapped, share, name, file = note_of(report.text)
    assert (share, name, file) == ("100 %", "jemalloc", "grows")
    assert abs(float(mapped.split()[0]) - report.peak / MIB) < 0.1
    # jemalloc grows in steps that get larger, of which the next in need has the rest.
    large, small = (report.held_under(f"(grow_{size})") for size in ("large", "small"))
    assert 64 * MIB <= large <= 96 * MIB
    assert 16 * MIB <= small <= 64 * MIB
    assert large + small >= 96 * MIB
    # What is called inside the allocator is nobody's line.
    shown = runs.run([FIL, "report", "--budget=16M", report.folder], tmp_path)
    cut = shown.stdout.decode().split("What to cut")[1].split("Held at the peak")[0]
    assert re.search(r"grows_in_two_functions.c:\d+ grow_large\b", cut), cut
    assert "os_pages_map" not in cut
    # The capture has it all, also where the program is not.
    elsewhere = tmp_path / "elsewhere.fil"
    shutil.copy(report.folder / "capture.fil", elsewhere)
    program.unlink()
    shown = runs.run([FIL, "report", "--format=text", elsewhere], tmp_path)
    assert note_of(shown.stdout.decode()) == (mapped, share, name, file)


def test_a_stripped_allocator_is_known_by_its_messages(tmp_path):
    program = linked_with("libjemalloc_pic.a", tmp_path)
    subprocess.run(["strip", program], check=True)
    run = profile(["--", program], tmp_path)
    assert run.status == 0, run.err
    assert note_of(run.report().text)[1:] == ("100 %", "jemalloc", "grows")


def test_who_brings_its_own_mmap_shows_nothing(tmp_path):
    program = linked_with("libtcmalloc_minimal.a", tmp_path)
    run = profile(["--", program], tmp_path)
    assert run.status == 0, run.err
    said = " ".join(run.report().text.split())
    assert "brings its own malloc in its executable" in said
    assert "nothing is seen; linked as a shared library, all is" in said


@pytest.mark.parametrize("library", ["libjemalloc.so.2", "libtcmalloc_minimal.so.4",
                                     "libmimalloc.so.2"])
def test_a_shared_one_shows_every_block(library, tmp_path):
    """Its own mappings are not counted as well."""
    found = list(pathlib.Path("/usr/lib").rglob(library))
    if not found:
        pytest.skip(f"{library} is not installed")
    program = tmp_path / "grows"
    subprocess.run(["gcc", "-O1", "-g", SOURCE, found[0], "-o", program], check=True)
    run = profile(["--", program], tmp_path)
    assert run.status == 0, run.err
    report = run.report()
    assert report.held_under("(grow_large)") == 64 * MIB
    assert report.held_under("(grow_small)") == 32 * MIB
    assert report.peak < 96 * MIB + 4096
    assert "mappings of" not in " ".join(report.text.split())


def test_what_is_reserved_counts_where_it_is_touched(tmp_path):
    run = profile(["--", RESERVES], tmp_path)
    assert run.status == 0, run.err
    report = run.report()
    report.assert_complete()
    assert report.peak == 200 * MIB
    assert report.folded("end").total() == 40 * MIB
    assert "in 1 allocation" in report.rows["in all"]


@contextlib.contextmanager
def reserving(folder):
    """fil-profile, and the number of the program, which waits with 200 MiB touched."""
    command = runs.command_of(["--", RESERVES, "wait"])
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE) as process:
        pid = int(process.stdout.readline())
        try:
            yield process, pid
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def test_what_is_reserved_is_known_of_a_program_that_is_killed(tmp_path):
    """It does nothing that the hook sees: what is there was seen from outside."""
    with reserving(tmp_path) as (process, pid):
        process.send_signal(signal.SIGUSR2)
        deadline = time.monotonic() + runs.HANG_S
        while not (found := list(tmp_path.glob("fil-result/*/index.html"))):
            assert time.monotonic() < deadline, "no report"
            time.sleep(0.01)
        so_far = runs.Report(found[0].parent)
        assert so_far.peak == 200 * MIB
        os.kill(pid, signal.SIGKILL)
        assert process.wait(timeout=runs.HANG_S) == -signal.SIGKILL
    last, = (path for path in tmp_path.glob("fil-result/*") if path != so_far.folder)
    report = runs.report_of_a_killed_one(last)
    report.assert_complete()
    assert report.peak == 200 * MIB
