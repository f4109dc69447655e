# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Holds blocks of known sizes that were allocated through C functions that call Python, nested.

Prints of each its size and the names of the functions it was allocated in, outermost first. Only
from_ctypes is called by code outside of the interpreter's own file.
"""

import ctypes
import functools
import sys
import threading

KEPT = []
SIZES = iter(range(1_000_000, 1_001_000))


def keep(*_):
    size = next(SIZES)
    KEPT.append(bytearray(size))
    names, frame = [], sys._getframe()
    while frame is not None:
        names.append(frame.f_code.co_name)
        frame = frame.f_back
    # bytearray allocates one byte more.
    print(size + 1, *reversed(names))
    return 0


def plain(depth):
    return step(depth)


def in_sorted(depth):
    return sorted([1], key=lambda _: step(depth))[0]


def in_reduce(depth):
    return functools.reduce(lambda _, __: step(depth), [1, 2])


class Made:
    def __init__(self, depth):
        step(depth)


def in_init(depth):
    return Made(depth)


def in_generator(depth):
    def generate():
        yield step(depth)
    return list(generate())


def in_comparison(depth):
    class Compared:
        def __lt__(self, _):
            step(depth)
            return False
    return min(Compared(), Compared())


def in_ctypes(depth):
    def from_ctypes():
        return step(depth)
    return ctypes.CFUNCTYPE(ctypes.c_int)(from_ctypes)()


WAYS = [in_ctypes, plain, in_sorted, in_reduce, in_init, in_generator, in_comparison]
STATE = [1]


def step(depth):
    """The next way, in an order that looks random and is always the same."""
    if depth == 0:
        return keep()
    STATE[0] = (STATE[0] * 1103515245 + 12345) & 0x7fffffff
    WAYS[(STATE[0] >> 16) % len(WAYS)](depth - 1)
    return keep() if STATE[0] & 0x30000 == 0 else 0


def main():
    for depth in range(9):
        for _ in range(3):
            step(depth)
    thread = threading.Thread(target=step, args=(5,))
    thread.start()
    thread.join()


main()
