# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""fil-profile jupyter install: the kernel "Python 3 with Fil", without pip.

fil-profile jupyter install [--user | --sys-prefix | --prefix=DIR]
"""

import argparse
import json
import os
import pathlib
import shutil
import sys
from typing import Any, Optional

KERNEL = "filprofile"
DISPLAY_NAME = "Python 3 with Fil"


def kernel_spec(command: list[str]) -> dict[str, Any]:
    """kernel.json: how the kernel is started."""
    return {
        "argv": [*command, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": DISPLAY_NAME,
        "language": "python",
        "metadata": {"debugger": True},
    }


def _user_folder() -> pathlib.Path:
    """Where Jupyter keeps a user's data on Linux."""
    own = os.environ.get("JUPYTER_DATA_DIR")
    data = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return pathlib.Path(own or os.path.join(data, "jupyter"))


def install(prefix: Optional[str], program: str) -> pathlib.Path:
    """Write the kernel's folder, below a prefix or the user's own; returns it."""
    data = pathlib.Path(prefix, "share/jupyter") if prefix else _user_folder()
    folder = data / "kernels" / KERNEL
    folder.mkdir(parents=True, exist_ok=True)
    spec = kernel_spec([program, f"--python={sys.executable}", "python"])
    (folder / "kernel.json").write_text(json.dumps(spec, indent=1) + "\n", encoding="utf-8")
    return folder


def main(program: str, arguments: list[str]) -> None:
    """The command; program is the path of fil-profile."""
    parser = argparse.ArgumentParser(prog="fil-profile jupyter", allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True, metavar="install")
    command = commands.add_parser("install", allow_abbrev=False,
                                  help=f"give Jupyter the kernel \"{DISPLAY_NAME}\"")
    where = command.add_mutually_exclusive_group()
    where.add_argument("--user", action="store_true", help="for this user (the default)")
    where.add_argument("--sys-prefix", action="store_const", const=sys.prefix, dest="prefix",
                       help=f"for the environment of this Python, {sys.prefix}")
    where.add_argument("--prefix", metavar="DIR", help="below DIR")
    chosen = parser.parse_args(arguments)
    try:
        folder = install(chosen.prefix, program)
    except OSError as error:
        sys.exit(f"fil-profile: cannot install the kernel: {error}")
    print(f"installed the kernel \"{DISPLAY_NAME}\" for {sys.executable} in {folder}")
    if shutil.which("jupyter") is None:
        print("there is no jupyter on PATH: install it, and ipykernel for this Python")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
