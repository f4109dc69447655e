# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Holds blocks of known sizes, allocated in Python that C without unwind tables has called.

    calls_back_from_code_without_tables.py LIBRARY

Calls go through call(f) of the library, or not. Prints as calls_back_from_c.py does.
"""

import ctypes
import sys

through = ctypes.PyDLL(sys.argv[1]).call
through.argtypes = [ctypes.py_object]
through.restype = ctypes.py_object

NAMES = []
SIZES = iter(range(1_000_000, 1_001_000))
KEPT = []


def keep():
    size = next(SIZES)
    KEPT.append(bytes(size))
    frame, names = sys._getframe(), []
    while frame is not None:
        names.append(frame.f_code.co_name)
        frame = frame.f_back
    NAMES.append((size + bytes.__basicsize__, names[::-1]))


def directly(function):
    function()


def first(way):
    way(keep)


def second(way):
    way(keep)


def third(way):
    way(lambda: way(keep))


def main():
    for way in (through, directly, through, through, directly, directly, through):
        for caller in (first, second, third, first):
            caller(way)
            caller(way)


def other_main():
    for caller in (second, first, third):
        for way in (directly, through):
            caller(way)


main()
other_main()
for total, stack in NAMES:
    print(total, *stack)
