# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Holds 100 blocks of 1 MiB at its peak, then 10 of them until the end."""

MIB = 1024 * 1024


def fill(count):
    blocks = []
    for _ in range(count):
        blocks.append(b"x" * MIB)
    return blocks


def main():
    blocks = fill(100)
    del blocks[10:]
    print(len(blocks))


main()
