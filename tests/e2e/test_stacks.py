# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""The hook's stack reader against sys._getframe(), at the same instants, in every CPython."""

import json
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(os.environ["FIL_ROOT"])
BUILD = pathlib.Path(os.environ["FIL_BUILD"])
FULL = os.environ.get("FIL_LANE") == "full"
EXTENSION = ROOT / "tests/extension"
SOURCES = [EXTENSION / "reader.c", *sorted((ROOT / "core/stack").glob("python*.c")),
           ROOT / "core/stack/line_table.c",
           ROOT / "core/elf/image.c", ROOT / "core/elf/loaded.c"]

# CPython's own tests of what suspends, resumes, calls back and recurses.
STDLIB = """
    test_asyncgen test_call test_class test_collections test_contextlib test_coroutines
    test_dataclasses test_descr test_enum test_exceptions test_frame test_functools test_gc
    test_generators test_inspect test_itertools test_json test_queue test_re test_sched test_sort
    test_sys_setprofile test_sys_settrace test_thread test_threading test_traceback test_weakref
    test_with test_yield_from
""".split()


def pythons():
    listed = subprocess.run([ROOT / "tests/pythons.sh", "list"], capture_output=True, text=True,
                            check=False)
    return [tuple(line.split("\t")[:2]) for line in listed.stdout.splitlines()]


def include_options(version, python):
    """-I for that Python's headers, which may lie in a chroot with another libc's beside them."""
    asked = [python, "-c", "import sysconfig; print(sysconfig.get_path('include'))"]
    include = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    root = BUILD / "pythons" / version / "root"
    if root.exists():
        return [f"-I{root}{include}", "-idirafter", f"{root}/usr/include"]
    return [f"-I{include}"]


def build_extension(version, python):
    """The folder with the extension module for that Python."""
    folder = BUILD / "extension" / version
    folder.mkdir(parents=True, exist_ok=True)
    built = subprocess.run(
        ["gcc", "-std=gnu17", "-O2", "-g", "-Wall", "-Wextra", "-fPIC", "-shared",
         "-fvisibility=hidden", "-DFIL_HOOK=1", "-D_GNU_SOURCE", f"-I{ROOT}",
         *include_options(version, python), "-o", folder / "reader.so", *SOURCES],
        capture_output=True, text=True, check=False)
    assert built.returncode == 0, f"{built.stderr}\n(are the headers of {python} installed?)"
    return folder


def run_checks(version, python, *args, under=()):
    """Run a script of tests/extension; the counters that it ends with."""
    folder = build_extension(version, python)
    env = {**os.environ, "PYTHONPATH": f"{folder}:{EXTENSION}", "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run([*under, python, *args], env=env, capture_output=True, text=True,
                           check=False)
    assert ended.returncode == 0, ended.stdout[-4000:] + ended.stderr[-4000:]
    counters = json.loads(ended.stdout.splitlines()[-1])
    assert counters["different"] == 0 and counters["walks_different"] == 0, counters
    return counters


@pytest.mark.parametrize("version,python", pythons())
def test_frames_are_those_of_getframe(version, python):
    counters = run_checks(version, python, EXTENSION / "stress.py", "3" if FULL else "1")
    assert counters["compared"] > 5000
    assert counters["walks"] > 20000
    assert counters["walks_marked"] > 20000
    assert counters["deepest"] > 10000
    # Only before 3.12 can a collection, and so a comparison, come before a function's first line.
    assert version == "3.11" or counters["excepted"] == 0


@pytest.mark.parametrize("version,python", pythons())
def test_frames_that_the_hook_reads_are_those_of_getframe(version, python, tmp_path):
    counters = run_checks(version, python, EXTENSION / "stress.py", "3" if FULL else "1",
                          under=[os.environ["FIL"], "run", "--no-browser", "-o", tmp_path, "--"])
    assert counters["hooked"]
    assert counters["compared"] > 5000


@pytest.mark.skipif(not FULL, reason="minutes; in the full lane")
@pytest.mark.parametrize("version,python", pythons())
def test_frames_are_those_of_getframe_in_the_standard_library(version, python):
    counters = run_checks(version, python, EXTENSION / "stdlib.py", *STDLIB)
    assert counters["compared"] > 2000
    assert counters["walks"] > 1000000
