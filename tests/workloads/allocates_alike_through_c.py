# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Allocates again and again in the same frames of Python, called by each other or through C.

Prints of each block its size, and whether the function was called by code outside of the
interpreter's own file.
"""

import ctypes


def called(size):
    return bytes(size)


through_c = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_long)(called)
ROWS = tuple((i, 1_000_000 + i, through_c if i in (1, 3, 4, 6) else called) for i in range(9))
KEPT = [None] * len(ROWS)


def main():
    # Nothing else is allocated from one row to the next, but by ctypes.
    for place, size, function in ROWS:
        KEPT[place] = function(size)


main()
for block, (_, _, function) in zip(KEPT, ROWS):
    # So much is a bytes object larger than what is in it.
    print(len(block) + bytes.__basicsize__, "C" if function is through_c else "Python")
