# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Allocations at the end of 500 frames."""


def descend(depth):
    if depth:
        return descend(depth - 1)
    total = 0
    for i in range(4000):
        total += len([i, [i], (i, i)])
    return total


def main():
    print(sum(descend(490) for _ in range(150)))


main()
