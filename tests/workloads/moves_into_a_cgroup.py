# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Moves itself into a cgroup (its folder), then becomes Python with the other arguments."""

import os
import sys

with open(os.path.join(sys.argv[1], "cgroup.procs"), "w", encoding="ascii") as processes:
    processes.write("0")
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
