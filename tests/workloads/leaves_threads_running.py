# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Ends while daemon threads allocate without the GIL: the interpreter frees what they run on."""

import ctypes
import threading

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]
ready = threading.Barrier(7)


def spin():
    ready.wait()
    while True:
        libc.free(libc.malloc(3000))


for _ in range(6):
    threading.Thread(target=spin, daemon=True).start()
ready.wait()
keep = [bytes(100) for _ in range(5000)]
