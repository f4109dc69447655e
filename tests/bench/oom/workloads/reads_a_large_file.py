# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Reads a file of 1 GiB, 1 MiB at a time, beside 100 MiB: the kernel's copy of it is no lack."""

import tempfile

from steps import MIB, steps

held = b"x" * (100 * MIB)
buffer = bytearray(MIB)
with tempfile.TemporaryFile(dir=".") as file:
    # A hole: read, it is in memory as any other file.
    file.truncate(1024 * MIB)
    for _ in steps():
        if not file.readinto(buffer):
            break
