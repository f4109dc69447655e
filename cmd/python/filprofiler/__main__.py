# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""python -m filprofiler ARG...: fil-profile ARG..., with this Python."""

import os
import sys

from filprofiler import _program

_COMMANDS = ("run", "python", "jupyter", "report", "help")


def arguments(given: list[str]) -> list[str]:
    """What fil-profile is called with: --python where the command takes it."""
    command = next((word for word in given if word in _COMMANDS), None)
    own = [f"--python={sys.executable}"] if command in ("run", "python", "jupyter") else []
    return [_program.NAME, *own, *given]


def main() -> None:
    """Become fil-profile."""
    try:
        program = _program.find()
    except FileNotFoundError as error:
        sys.exit(str(error))
    os.execv(program, arguments(sys.argv[1:]))


if __name__ == "__main__":
    main()
