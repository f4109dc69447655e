# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Allocates twice in a row with the same machine code on the stack, but one frame of Python fewer.

The interpreter runs what calls and what is called in one frame of its own. Prints as
calls_back_from_c.py does.
"""


def called(size):
    return bytes(size)


ROWS = ((0, 1_000_000, called), (1, 1_000_100, bytes), (2, 1_000_200, called),
        (3, 1_000_300, bytes), (4, 1_000_400, bytes), (5, 1_000_500, called))
KEPT = [None] * len(ROWS)


def main():
    # Nothing else is allocated from one row to the next.
    for place, size, function in ROWS:
        KEPT[place] = function(size)


main()
for block, (_, _, made_by) in zip(KEPT, ROWS):
    # So much is a bytes object larger than what is in it.
    print(len(block) + bytes.__basicsize__, "<module>", "main",
          *(["called"] if made_by is called else []))
