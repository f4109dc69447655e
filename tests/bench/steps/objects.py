# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""objects.py DEPTH HOW PAIRS: make and drop so many objects, one after the other, on a stack of so
many frames. HOW is "here": in a loop of the innermost frame, or "called": each in a call from it.
Prints the nanoseconds of CPU that one takes.

In a thread of its own, whose stack begins with the function that it is started with: so that there
can be a single frame.
"""

import _thread
import itertools
import sys
import time

SPENT_NS = []
FINISHED = _thread.allocate_lock()


def finish(spent_ns):
    SPENT_NS.append(spent_ns)
    FINISHED.release()


def make():
    return object()


def here(pairs):
    started = time.thread_time_ns()
    for _ in itertools.repeat(None, pairs):  # which makes nothing
        object()
    finish(time.thread_time_ns() - started)


def called(pairs):
    started = time.thread_time_ns()
    for _ in itertools.repeat(None, pairs):  # which makes nothing
        make()
    finish(time.thread_time_ns() - started)


def descend(frames, way, pairs):
    return descend(frames - 1, way, pairs) if frames > 0 else way(pairs)


def main():
    depth, way, pairs = int(sys.argv[1]), globals()[sys.argv[2]], int(sys.argv[3])
    FINISHED.acquire()
    if depth == 1:
        _thread.start_new_thread(way, (pairs,))
    else:
        # The first descend and the way have their frames.
        _thread.start_new_thread(descend, (depth - 2, way, pairs))
    FINISHED.acquire()
    print(f"{SPENT_NS[0] / pairs:.1f}")


main()
