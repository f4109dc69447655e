# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""A parent with 100 MiB and four children, which write into their copies of them in turn."""

from children import Child
from steps import MIB, steps

CHILDREN, SHARED = 4, 100

shared = bytearray(b"x") * (SHARED * MIB)
block = b"y" * MIB


def write(step):
    start = step % SHARED * MIB
    memoryview(shared)[start:start + MIB] = block


children = [Child(write) for _ in range(CHILDREN)]
for step in steps():
    children[step % CHILDREN].take_more()
