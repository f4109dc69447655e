# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""What the hook sees of CPython's own allocators, and of interpreters that come late or end."""

import os
import pathlib
import subprocess

import pytest

FIL = os.environ["FIL"]
ROOT = pathlib.Path(os.environ["FIL_ROOT"])
WORKLOADS = pathlib.Path(os.environ["WORKLOADS"])
BUILT = pathlib.Path(os.environ["WORKLOADS_BUILD"])
FULL = os.environ.get("FIL_LANE") == "full"


def pythons():
    listed = subprocess.run([ROOT / "tests/pythons.sh", "list"], capture_output=True, text=True,
                            check=False)
    return [tuple(line.split("\t")[:2]) for line in listed.stdout.splitlines()]


def profile(folder, *args, **env):
    """Run under fil-profile; the bytes at the peak by stack, of all stacks."""
    ended = subprocess.run([FIL, "run", "--no-browser", "-o", folder, *args],
                           env={**os.environ, **env}, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    captures = list(folder.glob("*/capture.fil"))
    assert len(captures) == 1, ended.stderr
    written = subprocess.run([FIL, "report", "--format=folded", captures[0]], check=True,
                             capture_output=True, text=True)
    lines = (line.rpartition(" ") for line in written.stdout.splitlines())
    return {stack: int(count) for stack, _, count in lines}


def bytes_under(stacks, *frames):
    """Held by stacks with all these frames."""
    return sum(held for stack, held in stacks.items() if all(f"({f}" in stack for f in frames))


# How each is to be seen: exactly as without it, or with tracemalloc's own tables on top.
MODES = {
    "dev": {"PYTHONDEVMODE": "1"},
    "debug": {"PYTHONMALLOC": "debug"},
    "malloc": {"PYTHONMALLOC": "malloc"},
    "malloc_debug": {"PYTHONMALLOC": "malloc_debug"},
}
OBJECT_BYTES = {"": 16, "t": 32}


@pytest.mark.parametrize("version,python", pythons())
def test_small_objects_are_counted_to_the_byte(version, python, tmp_path):
    script = WORKLOADS / "holds_small_objects.py"
    plain = bytes_under(profile(tmp_path / "plain", "--python", python, script), "make")
    objects = 100000 * OBJECT_BYTES["t" if version.endswith("t") else ""]
    # The list that holds them: 8 bytes each; its head, and what Python remembers of hot code.
    assert plain in range(objects + 800000, objects + 810000)
    for name, env in MODES.items():
        # Without the GIL there is one allocator, and Python refuses to start with another.
        if version.endswith("t") and name.startswith("malloc"):
            continue
        seen = bytes_under(profile(tmp_path / name, "--python", python, script, **env), "make")
        # Without the GIL some of the latter is freed later, in one run or another: far less than a
        # byte for each object.
        assert abs(seen - plain) <= (10000 if version.endswith("t") else 0), name


@pytest.mark.parametrize("version,python", pythons())
def test_tracemalloc_hides_nothing(version, python, tmp_path):
    script = WORKLOADS / "holds_small_objects.py"
    plain = bytes_under(profile(tmp_path / "plain", "--python", python, script), "make")
    started = profile(tmp_path / "started", "--python", python, script, PYTHONTRACEMALLOC="1")
    assert bytes_under(started, "make") > plain
    stopped = profile(tmp_path / "stopped", "--python", python, script, "trace")
    assert bytes_under(stopped, "make") > plain


@pytest.mark.parametrize("version,python", pythons())
def test_threads_that_run_to_the_end_do_no_harm(version, python, tmp_path):
    for i in range(20 if FULL else 4):
        stacks = profile(tmp_path / str(i), "--python", python,
                         WORKLOADS / "leaves_threads_running.py")
        assert bytes_under(stacks, "<module>") > 5000 * 100


def library_of(python):
    """That Python's shared library and its prefix; None if it is linked statically."""
    asked = subprocess.run(
        [python, "-c", "import sys, sysconfig; print(sysconfig.get_config_var('LIBDIR'), "
         "sysconfig.get_config_var('INSTSONAME'), sys.base_prefix, sep='\\n')"],
        capture_output=True, text=True, check=True).stdout.split("\n")
    library = pathlib.Path(asked[0], asked[1])
    return (library, asked[2]) if ".so" in library.name and library.exists() else None


@pytest.mark.parametrize("version,python", pythons())
def test_interpreter_that_is_loaded_late_and_privately_is_found(version, python, tmp_path):
    found = library_of(python)
    if found is None:
        pytest.skip(f"{python} has no shared library here")
    library, prefix = found
    code = "def make(): return [object() for _ in range(100000)]\nheld = make()"
    stacks = profile(tmp_path / "late", "--", BUILT / "embeds_python_late", library, code,
                     PYTHONHOME=prefix)
    assert bytes_under(stacks, "<module>", "make") > 100000 * 24
