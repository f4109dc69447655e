# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Fills as many MiB as it is told, one by one, in one line; another line holds 5 MB."""

import sys

MIB = 1024 * 1024


def read_settings():
    return bytes(5_000_000)  # innocent


def read_more():
    return b"x" * MIB  # guilty


def main():
    settings = read_settings()
    blocks = []
    for _ in range(int(sys.argv[1])):
        blocks.append(read_more())
    print(len(blocks), flush=True)
    return len(settings)


main()
