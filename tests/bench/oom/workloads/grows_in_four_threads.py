# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Four threads, each of which takes 1 MiB whenever it can."""

import threading

from steps import MIB, STOP, steps

THREADS = 4


def grow(number):
    held = []
    for _ in steps(STOP // THREADS, counter=number):
        held.append(b"x" * MIB)


threads = [threading.Thread(target=grow, args=(number,)) for number in range(THREADS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
