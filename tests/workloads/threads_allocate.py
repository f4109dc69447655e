# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Four threads hold 10, 20, 30 and 40 MiB at the same time, each from a function of its own."""

import threading

MIB = 1024 * 1024
everyone = threading.Barrier(4)


def hold(count):
    blocks = []
    for _ in range(count):
        blocks.append(b"x" * MIB)
    everyone.wait()
    return len(blocks)


def hold_10():
    hold(10)


def hold_20():
    hold(20)


def hold_30():
    hold(30)


def hold_40():
    hold(40)


def main():
    threads = [threading.Thread(target=target) for target in (hold_10, hold_20, hold_30, hold_40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("done")


main()
