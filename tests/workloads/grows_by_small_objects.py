# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Takes memory in small objects, until something stops it or there are some gigabytes of them."""

held = []


def grow():
    for number in range(10_000_000):
        held.append({"number": number, "name": f"row {number}"})


grow()
