# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Fills NumPy arrays until there is a MemoryError, gives most back, and finishes its work."""

import numpy

MIB = 1024 * 1024


def fill():
    arrays = []
    try:
        while len(arrays) < 1000:
            arrays.append(numpy.ones(MIB // 8))  # refused
    except MemoryError as error:
        print("refused:", type(error).__name__)
        del arrays[20:]
    return arrays


ARRAYS = fill()
print(len(ARRAYS), int(numpy.ones(10 * MIB // 8).sum()) * 8 // MIB)
