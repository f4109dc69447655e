# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Replaces itself twice by exec, each time with another environment, then holds 30 MiB."""

import os
import sys

stage = int(os.environ.get("STAGE", "0"))
if stage < 2:
    environment = {"STAGE": str(stage + 1), "PATH": os.environ["PATH"]}
    os.execve(sys.executable, [sys.executable] + sys.argv, environment)


def hold():
    return bytes(30 * 1024 * 1024)


held = hold()
print(stage, sorted(name for name in os.environ if name not in ("LC_CTYPE", "PATH")))
