# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Holds arrays of marked sizes, 1000000 to 1000999 bytes, made by NumPy in nested calls.

Calls getppid() when everything has been imported.
"""

import functools
import os

import numpy

KEPT = []
STATE = [1]


def below(limit):
    STATE[0] = (STATE[0] * 1103515245 + 12345) & 0x7fffffff
    return (STATE[0] >> 16) % limit


def make(_=None):
    size = 1_000_000 + len(KEPT)
    ways = [lambda: numpy.empty(size, numpy.int8),
            lambda: numpy.ones(size, numpy.int8),
            lambda: numpy.empty(size, numpy.int8).astype(numpy.int8),
            lambda: numpy.arange(size // 8 + 1, dtype=numpy.int64)]
    KEPT.append(ways[below(len(ways))]())
    return 0


def applied(depth):
    numpy.apply_along_axis(lambda row: descend(depth) or row, 0, numpy.zeros(1))


def vectorized(depth):
    numpy.vectorize(lambda _: descend(depth) or 0, otypes=[int])([1])


def in_reduce(depth):
    functools.reduce(lambda _, __: descend(depth), [1, 2])


def in_sorted(depth):
    sorted([1], key=lambda _: descend(depth) or 0)


def descend(depth):
    if depth == 0 or len(KEPT) >= 150:
        make()
        return
    [applied, vectorized, in_reduce, in_sorted][below(4)](depth - 1)


os.getppid()
while len(KEPT) < 150:
    descend(below(5))
