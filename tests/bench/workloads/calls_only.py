# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Calls that allocate nothing: functions, methods and built-in functions on what is there."""

import itertools

NUMBERS = {"one": 1, "two": 2}


def look_up(name, default=None):
    return NUMBERS.get(name, default)


class Switch:
    def __init__(self):
        self.on = False

    def turn(self, on):
        self.on = on
        return self

    def twice(self):
        return self.turn(not self.on).turn(not self.on)


def main():
    switch = Switch()
    for _ in itertools.repeat(None, 2000000):  # which makes nothing
        switch.twice()
        look_up("one")
        look_up("two", default=len(NUMBERS))
    print(switch.on, look_up("two"))


main()
