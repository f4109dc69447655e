# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Holds small objects, which CPython's own allocators serve; "trace": under tracemalloc first."""

import sys


def make():
    held = [None] * 100000
    for i in range(len(held)):
        held[i] = object()
    return held


if sys.argv[1:] == ["trace"]:
    import tracemalloc

    tracemalloc.start()
    held = make()
    tracemalloc.stop()
    held = None
held = make()
