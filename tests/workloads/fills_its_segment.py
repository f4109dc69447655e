# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Holds more small blocks than a segment of 20 MiB can have on its books, and frees them."""

kept = [float(number) for number in range(4_000_000)]  # kept
print(len(kept))
kept.clear()
print(len([str(number) for number in range(100_000)]))
