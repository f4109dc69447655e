# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Takes memory, 1 MiB at a time, until something stops it."""

held = []


def grow():
    while True:
        held.append(b"x" * (1024 * 1024))


grow()
