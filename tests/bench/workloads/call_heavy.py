# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Many calls, few allocations: recursion on small numbers, and method calls."""


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


class Counter:
    def __init__(self):
        self.value = 0

    def step(self, by):
        self.value += by
        return self.value

    def twice(self):
        return self.step(1) + self.step(2)


def main():
    counter = Counter()
    for _ in range(1500000):
        counter.twice()
    print(fib(29), counter.value)


main()
