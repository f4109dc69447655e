# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Holds 30 MiB, lets 20 go, says so, and ends at the end of its input."""

import sys

MIB = 1024 * 1024


def fill(count):
    blocks = []
    for _ in range(count):
        blocks.append(b"x" * MIB)
    return blocks


blocks = fill(30)
del blocks[10:]
print("ready", flush=True)
sys.stdin.read()
print("told", flush=True)
