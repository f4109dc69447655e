# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""An array of all the memory that is ever needed, allocated at once and filled bit by bit."""

import numpy
from steps import MIB, STOP, steps

reserved = numpy.empty((STOP, MIB // 8))
for step in steps():
    reserved[step - 1] = 1.0
