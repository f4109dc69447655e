# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""One thread waits for a lock and one for input that never comes, and the third fills memory."""

import os
import threading

MIB = 1024 * 1024
lock = threading.Lock()
arrived = threading.Barrier(3)
read_end, write_end = os.pipe()


def wait_for_lock():
    arrived.wait()
    lock.acquire()  # waits


def wait_for_input():
    arrived.wait()
    os.read(read_end, 1)  # sleeps


def grow():
    held = []
    arrived.wait()
    while True:
        held.append(b"x" * MIB)  # grows


def main():
    lock.acquire()
    for target in (wait_for_lock, wait_for_input):
        threading.Thread(target=target, daemon=True).start()
    grow()


main()
