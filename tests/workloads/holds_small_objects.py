# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Holds small objects, which CPython's own allocators serve; "trace": under tracemalloc first."""

import sys


def make():
    return [object() for _ in range(100000)]


if sys.argv[1:] == ["trace"]:
    import tracemalloc

    tracemalloc.start()
    held = make()
    tracemalloc.stop()
    held = None
held = make()
