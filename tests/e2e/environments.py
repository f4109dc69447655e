# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Virtual environments in which the wheel is installed: build/jupyter, kept between runs."""

import contextlib
import fcntl
import pathlib
import subprocess
import sys

import pytest
import runs

ROOT = runs.ROOT
JUPYTER = ROOT / "build/jupyter"
NEEDS = ROOT / "tests/requirements-jupyter.txt"


def checked(command, **how):
    """Run it; its output. If it fails, so does the test, with what it said."""
    ended = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, check=False, **how)
    assert ended.returncode == 0, ended.stdout[-3000:]
    return ended.stdout


def build_wheel(folder):
    """The wheel of the package and the program that are tested."""
    pack = ROOT / "cmd/python/pack.py"
    return pathlib.Path(checked([sys.executable, pack, "wheel", folder, runs.FIL]).strip())


def install(python, *what):
    """pip, without a network unless names are given."""
    pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    return subprocess.run([*pip, *map(str, what)], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
                          stderr=subprocess.STDOUT, text=True, check=False)


def skip_without_packages(ended):
    """If packages could not be had, the test is skipped in words; in the full lane it fails."""
    if ended.returncode != 0:
        lines = ended.stdout.strip().splitlines() or ["no reason given"]
        (pytest.fail if runs.FULL else pytest.skip)(
            f"pip cannot install {NEEDS.name}: {lines[-1]}")


@contextlib.contextmanager
def alone(folder):
    """One process at a time prepares it."""
    with open(f"{folder}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def jupyter(wheel):
    """The folder of the environment with Jupyter, and the wheel as it is now."""
    stamp = JUPYTER / "stamp"
    wanted = sys.version + NEEDS.read_text()
    python = JUPYTER / "bin/python"
    with alone(JUPYTER):
        if not stamp.exists() or stamp.read_text() != wanted:
            checked([sys.executable, "-m", "venv", "--clear", JUPYTER])
            skip_without_packages(install(python, "--only-binary=:all:", "-r", NEEDS))
            stamp.write_text(wanted)
        ended = install(python, "--no-index", "--no-deps", "--force-reinstall", wheel)
        assert ended.returncode == 0, ended.stdout
    return JUPYTER
