# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Holds memory of known sizes at marked lines until its end.

It prints for each: its mark, and the least and the most bytes that were asked of the allocator
there; the same where nothing but one object is made.
"""

import ctypes
import mmap
import sys
import threading
import zlib

# Names, numbers, and what the interpreter keeps for itself while a line runs.
SMALL = 4096

LIBC = ctypes.CDLL(None)
LIBC.malloc.restype = LIBC.calloc.restype = LIBC.realloc.restype = ctypes.c_void_p
LIBC.realloc.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
LIBC.free.argtypes = [ctypes.c_void_p]


class Slotted:
    __slots__ = ("field",)


def in_a_function():
    def nested():
        return bytes(1_100_000)  # nested
    return nested()


def in_a_generator():
    kept = bytearray(1_200_000)  # generator
    yield kept


def grown():
    block = bytearray(10)
    for _ in range(10):
        block += bytes(100_000)  # grown
    return block


def tree(depth):
    if depth == 0:
        return bytes(900_000)  # recursion
    return tree(depth - 1)


def main():
    # What was made and dropped before must not be seen.
    bytes(600_000)  # dropped
    as_bytes = bytes(3_000_000)  # bytes
    as_bytearray = bytearray(4_000_000)  # bytearray
    as_text = "x" * int("2000000")  # text
    as_tuple = tuple(bytearray(8)) * int("30000")  # tuple
    as_mapping = mmap.mmap(-1, 5_000_000)  # mmap
    from_malloc = LIBC.malloc(700_000)  # malloc
    from_calloc = LIBC.calloc(100, 7_000)  # calloc
    from_realloc = LIBC.realloc(LIBC.malloc(100), 710_000)  # realloc
    LIBC.free(LIBC.malloc(800_000))  # freed
    small = tuple(map(lambda _: Slotted(), bytes(5_000)))  # small
    nested = in_a_function()
    generator = in_a_generator()
    generated = next(generator)
    by_recursion = tree(100)
    grown_slowly = grown()
    by_exec = {}
    exec(compile("made = bytes(1_300_000)", "made-up.py", "exec"), by_exec)
    by_thread = []
    thread = threading.Thread(target=lambda: by_thread.append(bytes(1_400_000)))  # thread
    thread.start()
    thread.join()
    by_zlib = zlib.compressobj(9)  # zlib

    for mark, size, more in (
        ("dropped", 0, SMALL),
        ("bytes", sys.getsizeof(as_bytes), 0),
        ("bytearray", sys.getsizeof(as_bytearray), 0),
        ("text", sys.getsizeof(as_text), SMALL),
        ("tuple", sys.getsizeof(as_tuple), 0),
        ("mmap", -len(as_mapping) // mmap.PAGESIZE * -mmap.PAGESIZE, SMALL),
        ("malloc", 700_000 * bool(from_malloc), SMALL),
        ("calloc", 700_000 * bool(from_calloc), SMALL),
        ("realloc", 710_000 * bool(from_realloc), SMALL),
        ("freed", 0, SMALL),
        ("small", len(small) * sys.getsizeof(small[0]) + sys.getsizeof(small), SMALL),
        ("nested", sys.getsizeof(nested), 0),
        ("generator", sys.getsizeof(generated), 0),
        ("recursion", sys.getsizeof(by_recursion), 0),
        ("grown", len(grown_slowly) + 1, len(grown_slowly) // 8),
        ("made-up.py:1", sys.getsizeof(by_exec["made"]), SMALL),
        ("thread", sys.getsizeof(by_thread[0]), SMALL),
        # zconf.h: a window of 32 KiB twice, and hash tables; then its own state.
        ("zlib", 262_144 * bool(by_zlib), 10_000),
    ):
        print(mark, size, size + more)


main()
