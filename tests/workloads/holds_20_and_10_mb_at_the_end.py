# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Holds 100 blocks of 1 MiB at its peak; 10 of them and 20 others when it leaves by os._exit."""

import os

MIB = 1024 * 1024


def fill(count):
    blocks = []
    for _ in range(count):
        blocks.append(b"x" * MIB)
    return blocks


first = fill(100)
del first[10:]
second = fill(20)
os._exit(0)
