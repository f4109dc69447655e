# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""NumPy arrays of 1 MiB, written when they are made."""

import numpy
from steps import MIB, steps

held = []
for _ in steps():
    held.append(numpy.ones(MIB // 8))
