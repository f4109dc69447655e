# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Four threads that compute with arrays of 19 MB, most of the time without the GIL."""

import threading

import numpy as np

THREADS, ROUNDS, SIZE = 4, 8, 2400000


def compute(results, number):
    values = np.arange(SIZE, dtype=float)
    for i in range(ROUNDS):
        values = np.sqrt(values * values + i) - np.sin(values)
        values = np.sort(values)[::-1].copy()
    results[number] = values.sum()


def main():
    results = [0] * THREADS
    threads = [threading.Thread(target=compute, args=(results, number))
               for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(round(sum(results)))


main()
