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
SHARED = ["libjemalloc.so.2", "libtcmalloc_minimal.so.4", "libmimalloc.so.2"]


def installed(library):
    """Where the distribution has it."""
    found = list(pathlib.Path("/usr/lib").rglob(library))
    if not found:
        pytest.skip(f"{library} is not installed")
    return found[0]


def linked_with(library, tmp_path):
    """The program with that static library of the distribution in it."""
    program = tmp_path / "grows"
    # Not -static: only the allocator is in the program.
    subprocess.run(["g++", "-x", "c", "-O1", "-g", SOURCE, "-x", "none", installed(library), "-o",
                    program, "-lpthread", "-ldl", "-lm"], check=True)
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


@pytest.mark.parametrize("library", SHARED)
def test_a_shared_one_shows_every_block(library, tmp_path):
    """Its own mappings are not counted as well."""
    program = tmp_path / "grows"
    subprocess.run(["gcc", "-O1", "-g", SOURCE, installed(library), "-o", program], check=True)
    run = profile(["--", program], tmp_path)
    assert run.status == 0, run.err
    report = run.report()
    assert report.held_under("(grow_large)") == 64 * MIB
    assert report.held_under("(grow_small)") == 32 * MIB
    # C++'s library has something to itself.
    assert report.peak < 97 * MIB
    assert "mappings of" not in " ".join(report.text.split())


# Every operator new once, kept; as many that are deleted. With an argument, one that nobody can
# have.
OPERATORS = """
#include <new>
#include <cstdio>
struct alignas(256) Wide { char bytes[512]; };
static void *volatile kept[8];
template<class Make, class Drop> void twice(int i, Make make, Drop drop) {
	kept[i] = make();
	drop(make());
}
int main(int argc, char **) {
	using std::nothrow;
	auto wide = std::align_val_t(256);
	twice(0, [] { return operator new(1000); }, [](void *p) { operator delete(p); });
	twice(1, [] { return operator new[](2000); }, [](void *p) { operator delete[](p); });
	twice(2, [] { return operator new(3000, nothrow); },
	      [](void *p) { operator delete(p, nothrow); });
	twice(3, [] { return operator new[](4000, nothrow); },
	      [](void *p) { operator delete[](p, nothrow); });
	twice(4, [=] { return operator new(5120, wide); },
	      [=](void *p) { operator delete(p, wide); });
	twice(5, [=] { return operator new[](6144, wide); },
	      [=](void *p) { operator delete[](p, 6144, wide); });
	twice(6, [=] { return operator new(7168, wide, nothrow); },
	      [=](void *p) { operator delete(p, wide, nothrow); });
	twice(7, [=] { return operator new[](8192, wide, nothrow); },
	      [=](void *p) { operator delete[](p, wide, nothrow); });
	volatile size_t too_much = ~(size_t)0 / 4;
	if (argc == 1) {
		return 0;
	}
	bool has_thrown = false;
	try {
		kept[0] = operator new(too_much);
	} catch (const std::bad_alloc &) {
		has_thrown = true;
	}
	return has_thrown && !operator new[](too_much, nothrow) ? 0 : 1;
}
"""
OPERATORS_HOLD = 1000 + 2000 + 3000 + 4000 + 5120 + 6144 + 7168 + 8192


def built_from(source, tmp_path, *libraries):
    """A C++ program."""
    program = tmp_path / "operates"
    subprocess.run(["g++", "-std=c++17", "-O1", "-g", "-x", "c++", "-", "-o", program, "-x", "none",
                    *libraries], input=source.encode(), check=True)
    return program


@pytest.mark.parametrize("library", [None, *SHARED])
@pytest.mark.parametrize("way", ["linked", "preloaded"])
def test_operators_are_seen_whoever_serves_them(way, library, tmp_path):
    libraries = [installed(library)] if library else []
    program = built_from(OPERATORS, tmp_path, *(libraries if way == "linked" else []))
    preload = {"LD_PRELOAD": str(libraries[0])} if libraries and way == "preloaded" else {}
    # mimalloc's operators abort, as Debian builds it.
    words = [program] if library == "libmimalloc.so.2" else [program, "too much"]
    run = profile(["--", *words], tmp_path, env=runs.environment(**preload))
    assert run.status == 0, run.err
    report = run.report()
    report.assert_complete()
    held = report.folded("end")
    in_main = sum(size for stack, size in held.items() if any("main" in at for at in stack))
    assert in_main == OPERATORS_HOLD, held
    assert "not seen" not in report.text and "not recorded" not in report.text, report.text[:2000]


def test_a_refused_operator_throws(tmp_path):
    """An allocator's own, too: where the limit refuses, bad_alloc is what the program gets."""
    source = """
#include <new>
#include <vector>
int main() {
	std::vector<char *> kept;
	try {
		for (;;) {
			kept.push_back(new char[1 << 20]);
		}
	} catch (const std::bad_alloc &) {
		return kept.size() > 90 && kept.size() <= 100 ? 0 : (int)kept.size();
	}
}
"""
    program = built_from(source, tmp_path, installed("libjemalloc.so.2"))
    run = profile(["--", program], tmp_path, options=["--limit=100M", "--limit-of=allocated",
                                                      "--on-limit=enomem"])
    assert run.status == 0, run.err


def test_what_is_reserved_counts_where_it_is_touched(tmp_path):
    run = profile(["--", RESERVES], tmp_path)
    assert run.status == 0, run.err
    report = run.report()
    report.assert_complete()
    assert report.peak == 200 * MIB
    assert report.folded("end").total() == 40 * MIB


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
