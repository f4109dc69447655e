# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""What the lints share: the files of the project, and how a lint ends."""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
C_SUFFIXES = (".c", ".h", ".S")
SKIPPED = 77


def files():
    """Every file of the project, committed or about to be, as a path from the root."""
    try:
        listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT,
                                capture_output=True, check=True).stdout.decode().split("\0")
    except (OSError, subprocess.CalledProcessError):  # not a checkout: an unpacked archive
        listed = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.is_file()]
        listed = [name for name in listed if not name.startswith((".git/", "build/"))]
    return [pathlib.Path(name) for name in sorted(filter(None, listed)) if (ROOT / name).is_file()]


def lines(path):
    """The lines of a file of the project; bytes that are not UTF-8 are replaced."""
    return (ROOT / path).read_text(errors="replace").splitlines()


def shebang(path):
    """The first line of a file if it is a #! line, else nothing."""
    with open(ROOT / path, "rb") as file:
        first = file.readline(200)
    return first.decode(errors="replace").strip() if first.startswith(b"#!") else ""


def build_folder():
    return ROOT / os.environ.get("FIL_BUILD", "build")


def finish(checked, problems):
    """Print the problems and exit; a lint that looked at nothing has failed too."""
    for problem in problems:
        print(problem)
    print(f"{checked} checked, {len(problems)} problems")
    sys.exit(1 if problems or not checked else 0)
