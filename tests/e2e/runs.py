# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""What the end-to-end tests share: the Pythons, running the program, reading what a run leaves."""

import functools
import os
import pathlib
import re
import subprocess
import tempfile

import pytest

ROOT = pathlib.Path(os.environ["FIL_ROOT"])
BUILD = pathlib.Path(os.environ["FIL_BUILD"])
FIL = os.environ["FIL"]
WORKLOADS = pathlib.Path(os.environ["WORKLOADS"])
PYTHON = os.environ["PYTHON"]
FULL = os.environ.get("FIL_LANE") == "full"

MIB = 1024 * 1024
# A process that hangs is killed after this long, so that the other tests can run. No test is one of
# speed: the slowest takes a tenth of it on a busy machine.
HANG_S = 900


def versions():
    """Every version of tests/pythons.txt, oldest first."""
    rows = (ROOT / "tests/pythons.txt").read_text().splitlines()
    names = [row.split()[0] for row in rows if row.strip() and not row.startswith("#")]
    return list(dict.fromkeys(names))


def interpreters():
    """version: path, of those that this machine has."""
    listed = subprocess.run([ROOT / "tests/pythons.sh", "list"], capture_output=True, text=True,
                            check=True)
    return dict(line.split("\t")[:2] for line in listed.stdout.splitlines())


def interpreter(version):
    """The path of that Python. Without it the full lane fails, and the fast one skips in words."""
    path = interpreters().get(version)
    if path is None:
        (pytest.fail if FULL else pytest.skip)(
            f"Python {version} is not here; make it with: tests/pythons.sh install {version}")
    return path


# For a test with an argument "version": once for each Python.
every_version = pytest.mark.parametrize("version", versions())


class Stacks(dict):
    """Collapsed stacks: a tuple of frames, outermost first, "FILE:LINE (FUNCTION)", and bytes."""

    def __init__(self, text):
        super().__init__()
        for line in text.splitlines():
            stack, size = line.rsplit(" ", 1)
            frames = tuple(stack.split(";"))
            assert frames not in self, f"two lines of the same stack: {stack}"
            self[frames] = int(size)

    def total(self):
        """Bytes of all stacks."""
        return sum(self.values())

    def allocated_at(self, line):
        """Bytes of all stacks whose last frame is that line, "FILE:NUMBER"."""
        return sum(size for stack, size in self.items() if stack[-1].startswith(f"{line} ("))

    def held_under(self, frame):
        """Bytes of all stacks in which that text is in a frame."""
        return sum(size for stack, size in self.items() if any(frame in one for one in stack))


class Report:
    """The folder of one run, read."""

    def __init__(self, folder, kind="peak-memory"):
        self.folder, self.kind = folder, kind
        self.text = self.read(".txt")
        # The rows of its head: a label of 12 columns, and what it is. The first of a label.
        self.rows = {}
        for row in self.text.split("\n\n")[1].splitlines():
            self.rows.setdefault(row[:12].strip(), row[12:])

    def read(self, suffix):
        path = self.folder / f"{self.kind}{suffix}"
        return path.read_text(encoding="utf-8", errors="surrogateescape")

    @functools.cached_property
    def stacks(self):
        """All of them, as the capture has them: the file in the folder is brief."""
        moment = "end" if self.kind == "out-of-memory" else "peak"
        return self.folded(moment)

    @property
    def verdict(self):
        """The words of the verdict, without the time that the run took."""
        words = self.text.split("\nverdict")[1].split("\ncommand")[0].split()
        return " ".join(words).rsplit(" after ", 1)[0]

    def bytes_of(self, row):
        """The exact number of a row such as "peak"."""
        return int(re.search(r"\(([\d,]+) bytes", self.rows[row])[1].replace(",", ""))

    @property
    def peak(self):
        return self.bytes_of("peak")

    def allocated_at(self, line):
        """Bytes at the peak, allocated by that very line, "FILE:NUMBER"."""
        return self.stacks.allocated_at(line)

    def held_under(self, frame):
        """Bytes at the peak of all stacks in which that text is in a frame."""
        return self.stacks.held_under(frame)

    def folded(self, moment):
        """All stacks of a moment, from the capture."""
        return Stacks(self.folded_text(moment))

    def folded_text(self, moment):
        """The same as they are written."""
        shown = run([FIL, "report", "--format=folded", f"--of={moment}", self.folder], ".")
        assert shown.returncode == 0, shown.stderr
        return shown.stdout.decode(errors="surrogateescape")

    def assert_complete(self):
        """All files are there, and the stacks sum to the peak, to the byte."""
        names = sorted(path.name for path in self.folder.iterdir())
        assert names == sorted(["capture.fil", "index.html",
                                *(f"{self.kind}{suffix}" for suffix in
                                  (".prof", ".svg", ".txt", "-reversed.svg"))])
        assert self.rows["check"].startswith("stacks sum to the peak: yes"), self.text[:2000]
        assert self.bytes_of("check") == self.peak
        shown = "peak" if self.kind == "peak-memory" else "out of mem."
        assert self.stacks.total() == self.bytes_of(shown)
        assert Stacks(self.read(".prof")).total() == self.stacks.total()
        assert self.read(".svg").rstrip().endswith("</svg>")
        assert (self.folder / "index.html").read_text().rstrip().endswith("</html>")


def report_of_a_killed_one(folder):
    """Its report, of either kind: see profile_killed."""
    ran_out = (folder / "out-of-memory.txt").exists()
    return Report(folder, "out-of-memory" if ran_out else "peak-memory")


class Run:
    """A finished run of fil-profile."""

    def __init__(self, process, folder):
        self.status, self.out, self.err = process.returncode, process.stdout, process.stderr
        self.results = folder / "fil-result"

    @property
    def folders(self):
        return sorted(self.results.iterdir()) if self.results.exists() else []

    def report(self, kind="peak-memory"):
        assert len(self.folders) == 1, (self.folders, self.err)
        return Report(self.folders[0], kind)


def environment(**changes):
    """Ours with changes; None takes a variable away."""
    env = {**os.environ, **changes}
    return {name: value for name, value in env.items() if value is not None}


def run(command, cwd, **options):
    """Run a command to its end; its output as bytes."""
    options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
               "timeout": HANG_S, **options}
    words = [word if isinstance(word, bytes) else str(word) for word in command]
    return subprocess.run(words, cwd=cwd, check=False, **options)


def command_of(words, python=None, options=()):
    """The command that profiles words: a script with arguments, -m …, -c … or a program."""
    chosen = ["--python", python] if python else []
    return [FIL, "run", "--quiet", "--no-browser", *chosen, *options, *words]


def profile(words, cwd, python=None, options=(), **how):
    """Run words under fil-profile in the folder cwd, which then has the fil-result."""
    return Run(run(command_of(words, python, options), cwd, **how), pathlib.Path(cwd))


def oom_kills():
    """How many processes the kernel of this machine has killed for lack of memory."""
    counters = dict(line.split() for line in pathlib.Path("/proc/vmstat").read_text().splitlines())
    return int(counters.get("oom_kill", 0))


def profile_killed(words, cwd, *args, **how):
    """profile, for words that end by SIGKILL: again if the kernel killed anybody meanwhile.

    Then the verdict is rightly that it was probably the kernel here, too. A new folder in cwd each
    time.
    """
    while True:
        before = oom_kills()
        ended = profile(words, tempfile.mkdtemp(dir=cwd), *args, **how)
        if oom_kills() == before:
            return ended


def marked_lines(path):
    """mark: number, of the lines that end in "  # mark"."""
    lines = pathlib.Path(path).read_text().splitlines()
    found = ((number, re.search(r"  # ([\w-]+)$", line)) for number, line in enumerate(lines, 1))
    return {match[1]: number for number, match in found if match}
