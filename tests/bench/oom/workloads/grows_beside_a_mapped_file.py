# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Reads on in a mapped file of 500 MiB, 1 MiB at a time, and makes an array of 1 MiB each time."""

import mmap
import tempfile

import numpy
from steps import MIB, steps

FILE_BYTES = 500 * MIB

held = []
with tempfile.TemporaryFile(dir=".") as file:
    # A hole: read, it is in memory as any other file.
    file.truncate(FILE_BYTES)
    with mmap.mmap(file.fileno(), FILE_BYTES, prot=mmap.PROT_READ) as mapping:
        for step in steps():
            start = step * MIB % FILE_BYTES
            held.append(numpy.ones(MIB // 8))
            assert not any(mapping[start:start + MIB:mmap.PAGESIZE])
