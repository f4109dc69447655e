# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Virtual environments in which the wheel is installed: build/jupyter, kept between runs."""

import contextlib
import fcntl
import pathlib
import platform
import shutil
import subprocess
import sys

import pip
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


def install_with(python, command, *what):
    """A command of pip's."""
    words = [python, "-m", "pip", command, "-q", "--disable-pip-version-check", *map(str, what)]
    return subprocess.run(words, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
                          stderr=subprocess.STDOUT, text=True, check=False)


def install(python, *what):
    """pip install, without a network unless names are given."""
    return install_with(python, "install", *what)


# In the place of an environment's interpreter, if it can only run in its version's chroot.
IN_CHROOT = """#!/bin/sh
exec {script} enter {version} {real} "$@"
"""


def fresh(version, folder):
    """A new environment of that Python, with pip and nothing else, in folder; its interpreter.

    Without ensurepip, as Debian has Python, it gets the pip of the tests: that is for all.
    """
    original = runs.interpreter(version)
    has_pip = subprocess.run([original, "-c", "import ensurepip"], check=False,
                             stderr=subprocess.DEVNULL).returncode == 0
    checked([original, "-m", "venv", folder] if has_pip else
            [original, "-m", "venv", "--without-pip", folder])
    python = folder / "bin/python"
    if not python.exists():
        real = python.rename(python.with_name("real-python"))
        python.write_text(IN_CHROOT.format(script=runs.ROOT / "tests/pythons.sh", version=version,
                                           real=real))
        python.chmod(0o755)
    if not has_pip:
        (packages,) = folder.glob("lib/python3*/site-packages")
        shutil.copytree(pathlib.Path(pip.__file__).parent, packages / "pip")
    return python


def install_from_index(version, python, wheels, *names):
    """pip; if the interpreter is in a chroot, which has no network, by way of wheels."""
    if not (python.parent / "real-python").is_symlink():
        return install(python, "--only-binary=:all:", *names)
    number = version.rstrip("t")
    abi = f"cp{number.replace('.', '')}" + version[len(number):]
    platforms = [f"--platform={name}_{platform.machine()}" for name in (
        "manylinux_2_28", "manylinux_2_17", "manylinux2014")]
    ended = install_with(sys.executable, "download", "--only-binary=:all:", "--dest", wheels,
                         f"--python-version={number}", "--implementation=cp", f"--abi={abi}",
                         "--abi=abi3", "--abi=none", *platforms, *names)
    if ended.returncode != 0:
        return ended
    return install(python, "--no-index", f"--find-links={wheels}", *names)


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
