# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Anonymous shared mappings of 1 MiB, written."""

import mmap

from steps import MIB, steps

block = b"x" * MIB
held = []
for _ in steps():
    mapping = mmap.mmap(-1, MIB)
    mapping.write(block)
    held.append(mapping)
