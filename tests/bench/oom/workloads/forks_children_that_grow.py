# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""A parent with 100 MiB and four children, which share them and take 1 MiB each in turn."""

from children import Child
from steps import MIB, steps

CHILDREN = 4

shared = b"x" * (100 * MIB)
held = []
children = [Child(lambda _: held.append(b"x" * MIB)) for _ in range(CHILDREN)]
for step in steps():
    children[step % CHILDREN].take_more()
