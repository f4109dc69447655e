# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""An object held by each of 100,000 call stacks: every call of the ten is another line."""

DEPTH = 5


def descend(depth, kept):
    if not depth:
        kept.append([None])
        return
    depth -= 1
    descend(depth, kept)
    descend(depth, kept)
    descend(depth, kept)
    descend(depth, kept)
    descend(depth, kept)
    descend(depth, kept)
    descend(depth, kept)
    descend(depth, kept)
    descend(depth, kept)
    descend(depth, kept)


def main():
    kept = []
    descend(DEPTH, kept)
    print(len(kept))


main()
