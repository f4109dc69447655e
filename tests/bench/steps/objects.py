# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""objects.py DEPTH HOW PAIRS: make and drop so many objects, one after the other, on a stack of so
many frames. HOW is "here": in a loop of the innermost frame, or "called": each in a call from it.
Prints the nanoseconds of CPU that one takes.
"""

import itertools
import sys
import time


def make():
    return object()


def here(pairs):
    started = time.thread_time_ns()
    for _ in itertools.repeat(None, pairs):  # which makes nothing
        object()
    return time.thread_time_ns() - started


def called(pairs):
    started = time.thread_time_ns()
    for _ in itertools.repeat(None, pairs):  # which makes nothing
        make()
    return time.thread_time_ns() - started


def descend(frames, way, pairs):
    return descend(frames - 1, way, pairs) if frames > 0 else way(pairs)


def main():
    depth, way, pairs = int(sys.argv[1]), globals()[sys.argv[2]], int(sys.argv[3])
    # The module, this function, the first descend and the way have their frames.
    return descend(depth - 4, way, pairs) / pairs


print(f"{main():.1f}")
