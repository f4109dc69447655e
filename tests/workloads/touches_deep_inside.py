# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Maps 2 GiB and touches them, deep inside; says before where, and where its other threads wait."""

import functools
import json
import mmap
import sys
import threading

MIB = 1024 * 1024
BLOCK = b"x" * MIB
HERE = threading.Event()


def say_where(frame, threads):
    """The frames of this program, the outermost first; the last is at the line that touches."""
    frames = []
    while frame:
        if frame.f_code.co_filename == __file__:
            name = getattr(frame.f_code, "co_qualname", frame.f_code.co_name)
            frames.insert(0, [name, frame.f_lineno])
        frame = frame.f_back
    print(json.dumps({"frames": frames, "threads": [thread.native_id for thread in threads]}))
    sys.stdout.flush()


def touch(memory, threads):
    say_where(sys._getframe(), threads)
    for start in range(0, len(memory), MIB): memory[start:start + MIB] = BLOCK  # touches


class Toucher:
    def __init__(self, memory, threads):
        touch(memory, threads)


def generate(memory, threads):
    yield Toucher(memory, threads)


def recurse(depth, memory, threads):
    if depth:
        return recurse(depth - 1, memory, threads)
    # From C, twice.
    return functools.reduce(lambda _, one: list(generate(one, threads)), [None, memory])


def wait_for_it():
    HERE.wait()  # waits


def main():
    threads = [threading.Thread(target=wait_for_it, daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    memory = mmap.mmap(-1, 2048 * MIB)
    recurse(2, memory, threads)


main()
