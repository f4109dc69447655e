# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""100 MiB that four forked children share, and in each of them 1 MiB more in every round.

Prints how many rounds there were; as many as it is told.
"""

import os
import sys

MIB = 1024 * 1024


def grow(orders, reports):
    held = []
    while os.read(orders, 1):
        held.append(b"x" * MIB)
        os.write(reports, b".")


def main():
    shared = b"s" * (100 * MIB)
    read_end, write_end = os.pipe()
    orders = []
    for _ in range(4):
        mine, theirs = os.pipe()
        if os.fork() == 0:
            os.close(theirs)
            for other in orders:
                os.close(other)
            grow(mine, write_end)
            os._exit(0)
        os.close(mine)
        orders.append(theirs)
    for number in range(int(sys.argv[1])):
        for order in orders:
            os.write(order, b".")
        for _ in orders:
            os.read(read_end, 1)
        print(number + 1, flush=True)
    return len(shared)


main()
