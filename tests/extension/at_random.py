# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Calls at random: deep stacks of frames of every kind, left in every way, at the same addresses.

Each step of a walk picks how the next frame is entered. Frames end by returning, by exceptions that
are caught some levels further out, and not at all: generators and greenlets are put aside and
resumed later from wherever the walk is then.
"""

import asyncio
import contextlib
import functools
import random

DEEPEST = 150
STEPS = 4000


class Up(Exception):
    """Caught by some of the frames that it passes, at random."""


def nothing(*_):
    pass


class Things:
    """What enters frames of Python without looking like a call, or in two steps."""

    def __init__(self, walk, depth, go=False):
        self.walk, self.depth = walk, depth
        if go:
            walk.go(depth)

    @property
    def plain(self):
        return self.walk.go(self.depth)

    @property
    def callable(self):
        self.walk.go(self.depth)
        return nothing

    def __getitem__(self, key):
        return self.walk.go(self.depth)

    def __call__(self, *args, **named):
        return self.walk.go(self.depth)

    def __enter__(self):
        self.walk.go(self.depth)

    def __exit__(self, *_):
        self.walk.allocate()

    def __add__(self, other):
        return self.walk.go(self.depth)

    def __eq__(self, other):
        self.walk.go(self.depth)
        return True

    def __iter__(self):
        for _ in range(2):
            self.walk.go(self.depth)
            yield self


class Overridden:
    def __init__(self, walk, depth):
        object.__getattribute__(self, "__dict__").update(walk=walk, depth=depth)

    def __getattribute__(self, name):
        inside = object.__getattribute__(self, "__dict__")
        inside["walk"].go(inside["depth"])
        return nothing


# Pairs of callers that allocate nothing: a stack is seen only while what they call runs, once below
# the one and once below the other, at the same depth.

def call_here(function):
    function()


def call_there(function):
    function()


def resume_here(generator):
    for _ in generator:
        return


def resume_there(generator):
    for _ in generator:
        return


def send_here(generator):
    generator.send(None)


def send_there(generator):
    generator.send(None)


def decorated(function):
    @functools.wraps(function)
    def wrapper(*args, **named):
        return function(*args, **named)
    return wrapper


class Walk:
    def __init__(self, seed, check):
        self.random = random.Random(seed)
        self.check, self.steps = check, STEPS
        self.asleep, self.kept = [], []
        self.ways = [getattr(self, name) for name in dir(self) if name.startswith("by_")]

    def allocate(self):
        kept = [object() for _ in range(self.random.randrange(3))]
        if self.random.random() < 0.02:
            self.check()
        if self.random.random() < 0.1:
            self.kept = kept

    def go(self, depth):
        self.steps -= 1
        self.allocate()
        chance = self.random.random()
        if depth >= DEEPEST or self.steps < 0 or chance < 0.03:
            return
        if chance < 0.06:
            raise Up
        ways = self.random.choices(self.ways, k=1 + (chance > 0.85))
        for way in ways:
            if chance > 0.7:
                way(depth + 1)
                continue
            try:
                way(depth + 1)
            except Up:
                self.allocate()
        self.allocate()

    def by_call(self, depth):
        self.go(depth)
        self.allocate()
        self.go(depth)

    def by_recursion(self, depth):
        frames = self.random.randrange(40)

        def again(n):
            if n:
                again(n - 1)
                return self.allocate()
            return self.go(depth + frames)
        again(frames)

    def by_same_place(self, depth):
        """The same instruction, one frame after the other, some of which end by an exception."""
        for _ in range(3):
            with contextlib.suppress(Up):
                self.go(depth)

    def by_arguments(self, depth):
        words = (depth,)
        self.go(*words)
        self.go(**{"depth": depth})
        nothing(self.go(depth), self.go(depth))

    @decorated
    def by_wrapper(self, depth):
        self.go(depth)

    def by_partial(self, depth):
        functools.partial(self.go, depth)()

    def by_init(self, depth):
        Things(self, depth, go=True)

    def by_property(self, depth):
        thing = Things(self, depth)
        for _ in range(12):  # often enough to be specialised
            with contextlib.suppress(Up):
                thing.plain
            self.steps -= 20

    def by_method_that_is_a_property(self, depth):
        thing = Things(self, depth)
        for _ in range(12):
            try:
                thing.callable()
            except Up:
                self.allocate()
            self.steps -= 20

    def by_getattribute(self, depth):
        thing = Overridden(self, depth)
        for _ in range(12):
            try:
                thing.anything()
            except Up:
                self.allocate()
            self.steps -= 20

    def by_subscript(self, depth):
        thing = Things(self, depth)
        for i in range(12):
            with contextlib.suppress(Up):
                thing[i]
            self.steps -= 20

    def by_object(self, depth):
        Things(self, depth)(1, a=2)

    def by_operator(self, depth):
        Things(self, depth) + 1

    def by_comparison(self, depth):
        [Things(self, depth)].index(3)

    def by_with(self, depth):
        with Things(self, depth):
            self.go(depth)

    def by_iteration(self, depth):
        for _ in Things(self, depth):
            self.allocate()

    def by_sort(self, depth):
        sorted(range(2), key=lambda i: self.go(depth) or i)

    def by_comprehension(self, depth):
        [self.go(depth) for _ in range(2)]

    def by_lambda(self, depth):
        (lambda: self.go(depth))()

    def by_class_body(self, depth):
        class Made:
            made = self.go(depth)
        Made.made

    def by_exec(self, depth):
        exec("go(depth)", {"go": self.go, "depth": depth})

    def by_exec_with_locals(self, depth):
        exec(compile("def f(): go(depth)\nf()", "<made>", "exec"), {"go": self.go, "depth": depth})

    def by_locals(self, depth):
        self.go(depth)
        seen = locals()
        self.go(depth)
        assert seen["depth"] == depth

    def by_finally(self, depth):
        try:
            self.go(depth)
        finally:
            self.go(depth)

    def by_handler(self, depth):
        try:
            raise KeyError
        except KeyError:
            self.go(depth)

    def generator(self, depth):
        for _ in range(3):
            self.go(depth)
            yield depth
            self.allocate()

    def delegating(self, depth, levels):
        if levels:
            yield from self.delegating(depth, levels - 1)
        else:
            yield from self.generator(depth)
        self.allocate()

    def by_generator(self, depth):
        for _ in self.generator(depth):
            self.allocate()

    def by_generator_in_a_loop_that_fails(self, depth):
        for _ in range(4):
            try:
                for _ in self.generator(depth):
                    self.go(depth)
            except Up:
                self.allocate()

    def leaf(self):
        self.kept = [object(), object(), object(), object()]

    def middle(self):
        self.leaf()
        self.leaf()

    def turns(self):
        while True:
            self.leaf()
            self.middle()
            yield

    def by_callers_in_turn(self, depth):
        middle = self.middle
        for _ in range(3):
            call_here(middle)
            call_there(middle)

    def by_resuming_in_turn(self, depth):
        generator = self.turns()
        for _ in range(3):
            resume_here(generator)
            resume_there(generator)
            send_here(generator)
            send_there(generator)

    def by_delegation(self, depth):
        levels = self.random.randrange(12)
        for _ in self.delegating(depth + levels, levels):
            self.allocate()

    def by_generator_put_aside(self, depth):
        generator = self.delegating(depth, self.random.randrange(5))
        next(generator, None)
        self.asleep.append(generator)
        del self.asleep[:-20]

    def by_generator_resumed(self, depth):
        if self.asleep:
            generator = self.random.choice(self.asleep)
            try:
                next(generator, None)
            except ValueError:  # it is what runs
                self.allocate()

    def by_generator_closed(self, depth):
        if self.asleep:
            with contextlib.suppress(ValueError):
                self.asleep.pop().throw(Up())

    async def coroutine(self, depth, levels):
        if levels:
            return await self.coroutine(depth, levels - 1)
        self.go(depth)
        return None

    def by_coroutine(self, depth):
        with contextlib.suppress(StopIteration):
            self.coroutine(depth + 5, self.random.randrange(10)).send(None)


class GreenletWalk(Walk):
    """The same with stacks that are left in the middle."""

    def by_greenlet(self, depth):
        import greenlet

        def run():
            with contextlib.suppress(Up):
                self.go(depth)
            return None
        greenlet.greenlet(run).switch()

    def by_parent(self, depth):
        import greenlet
        now = greenlet.getcurrent()
        if now.parent is not None:
            self.asleep.append(Switched(now))
            now.parent.switch()
            self.go(depth)


class Switched:
    """A greenlet among the generators that are put aside."""

    def __init__(self, greenlet):
        self.greenlet = greenlet

    def __next__(self):
        if not self.greenlet.dead and self.greenlet.parent is not None:
            self.greenlet.switch()

    def throw(self, _):
        self.__next__()


def walk(seed, check):
    """One walk of some thousand steps; every seed has another."""
    try:
        import greenlet  # noqa: F401
        walk = GreenletWalk(seed, check)
    except ImportError:
        walk = Walk(seed, check)
    while walk.steps > 0:
        with contextlib.suppress(Up):
            walk.go(0)
    walk.asleep.clear()


async def tasks(seed, check):
    """Walks in tasks of one loop: their chains are resumed from the loop in turn."""
    async def one(number):
        walk = Walk(f"{seed} {number}", check)
        walk.steps = STEPS // 8
        while walk.steps > 0:
            with contextlib.suppress(Up):
                await walk.coroutine(0, number * 3)
            await asyncio.sleep(0)
    await asyncio.gather(*(one(number) for number in range(6)))
