# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""The Pythons that are measured: 3.11, and the newest that a profiler can be installed on.

Each has an environment of its own, build/bench-venv-VERSION, with the versions of requirements.txt.
There must be all programs of it; profilers that have no release for that Python are left out, and
get the next older one that they have a release for.
"""

import dataclasses
import pathlib
import shutil
import subprocess
import sys

import tools

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
REQUIREMENTS = HERE / "requirements.txt"
MAIN = "3.11"


class Missing(Exception):
    """A Python that cannot be measured, and why."""


@dataclasses.dataclass(frozen=True)
class Python:
    """One version, and the interpreter of which its environment is made."""

    version: str
    interpreter: str

    @property
    def name(self):
        return f"CPython {self.version}"

    @property
    def environment(self):
        return tools.BUILD / f"bench-venv-{self.version}"

    @property
    def path(self):
        return str(self.environment / "bin/python")

    def says(self, *words):
        """What it prints, or nothing where it fails."""
        return subprocess.run([self.path, *words], capture_output=True, text=True,
                              check=False).stdout.strip()

    def version_of(self, package):
        """Of what is installed; None: it is not."""
        return self.says("-c", "from importlib.metadata import version\n"
                         f"print(version({package!r}))") or None

    def pip(self, *requirements):
        """Why they cannot be installed, or nothing."""
        done = subprocess.run([self.path, "-m", "pip", "install", "-q", "--only-binary=:all:",
                               "--disable-pip-version-check", *requirements],
                              capture_output=True, text=True, check=False)
        return done.stderr.strip().splitlines()[-1:] if done.returncode else []

    def install(self):
        """The pinned versions, anew when they or this Python change."""
        said = subprocess.run([self.interpreter, "-VV"], capture_output=True, text=True, check=True)
        wanted = REQUIREMENTS.read_text() + said.stdout
        stamp = self.environment / "stamp"
        if stamp.exists() and stamp.read_text() == wanted:
            return
        print(f"installing what is measured into build/{self.environment.name}", file=sys.stderr)
        shutil.rmtree(self.environment, ignore_errors=True)
        made = subprocess.run([self.interpreter, "-m", "venv", self.environment],
                              capture_output=True, text=True, check=False)
        if made.returncode:
            raise Missing("it cannot make a virtual environment")
        programs, profilers = requirements()
        if self.pip(*programs, *profilers):
            for reason in self.pip(*programs):
                raise Missing(reason)
            for profiler in profilers:
                self.pip(profiler)
        stamp.write_text(wanted)


def requirements():
    """The pinned versions of the programs that are measured, and of the profilers."""
    lines = [line for line in REQUIREMENTS.read_text().splitlines() if line[:1] not in "#"]
    is_profiler = [line.split("==")[0] in tools.PACKAGES for line in lines]
    return ([line for line, does in zip(lines, is_profiler) if not does],
            [line for line, does in zip(lines, is_profiler) if does])


def on_this_machine():
    """Newest first. Not those in a chroot, which has another C library, or without the GIL, for
    which the profilers have no release."""
    listed = subprocess.run([ROOT / "tests/pythons.sh", "list"], capture_output=True, text=True,
                            check=True)
    rows = [line.split("\t") for line in listed.stdout.splitlines()]
    here = [Python(version, path) for version, path, source in rows
            if source in ("pyenv", "system") and not version.endswith("t")]
    return sorted(here, key=minor, reverse=True)


def minor(python):
    return int(python.version.split(".")[1])


def main_python(here):
    """3.11: that which runs this if it is one."""
    version = "{}.{}".format(*sys.version_info)
    this = Python(version, sys.executable)
    if version == MAIN:
        return this
    for python in here:
        if python.version == MAIN:
            return python
    print(f"CPython {MAIN} is not on this machine: {version} takes its place", file=sys.stderr)
    return this


def install(python):
    """Whether it can be measured; says why not."""
    try:
        python.install()
    except Missing as reason:
        print(f"{python.name} is left out: {reason}", file=sys.stderr)
        return False
    return True


def find(only=()):
    """[(python, names of packages that it is measured with)]: 3.11 with all that it has, then newer
    ones, the newest first, each with those that have no release for a newer one."""
    here = on_this_machine()
    first = main_python(here)
    newer = [python for python in here if minor(python) > minor(first)]
    wanted = [python for python in (first, *newer) if not only or python.version in only]
    found, placed = [], set()
    for python in wanted:
        if python != first and placed == tools.PACKAGES:
            break
        if install(python):
            packages = {name for name in tools.PACKAGES if python.version_of(name)} - placed
            if packages or len(found) < 2:
                found.append((python, packages))
            placed |= packages if python != first else set()
    if not newer:
        print(f"nothing is measured on a newer Python than {first.version}: there is none on this "
              "machine (tests/pythons.txt tells where it is looked for)", file=sys.stderr)
    return found
