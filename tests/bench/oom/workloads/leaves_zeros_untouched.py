# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""An array of 1 GiB of zeros that are never touched, beside 100 MiB that are: no lack of memory."""

import numpy
from steps import MIB, steps

zeros = numpy.zeros(1024 * MIB // 8)
held = []
for _ in steps(last=100):
    held.append(numpy.ones(MIB // 8))
