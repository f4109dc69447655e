# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Compare the hook's stack reader with Python's own view at thousands of odd moments.

    stress.py ROUNDS

Every way in which Python code is entered from C or suspended that was found to matter; garbage
collection, a profiling signal and threads interleave with all of them.
"""

import asyncio
import contextlib
import copy
import functools
import gc
import importlib
import json
import re
import signal
import sys
import tempfile
import threading
import weakref

import at_random
import reader
from checks import Checks, attach

WALKS = 40

checks = Checks()
check = checks.check


def deep(n, then):
    return deep(n - 1, then) if n else then()


def recursion():
    for depth in (1, 10, 100, 700):
        deep(depth, check)
    for depth in (300, 5, 290, 295, 0):  # long pops, then pushes at the same addresses
        deep(depth, check)
        check()


def very_deep():
    """Ten thousand frames, in a thread with a stack for them. A comparison makes a few objects for
    each frame, for each of which the hook looks at each: with it, a tenth of them."""
    frames = 1000 if reader.hooked() else 10000
    limit = sys.getrecursionlimit()
    size = threading.stack_size(512 << 20)
    sys.setrecursionlimit(30000)
    thread = threading.Thread(target=deep, args=(frames, check))
    thread.start()
    thread.join()
    threading.stack_size(size)
    sys.setrecursionlimit(limit)


def generator(n):
    try:
        for i in range(n):
            check()
            yield i
            check()
    except KeyError:
        check()
        yield -1
    finally:
        check()


def delegate(n):
    if n:
        yield from delegate(n - 1)
    else:
        yield from generator(4)


def generators():
    a, b = generator(9), generator(9)
    for _ in zip(a, b):  # two suspended chains, resumed from the same place in turn
        deep(3, check)
    deep(5, lambda: next(a, None))
    for g in (generator(9), delegate(20)):
        next(g)
        deep(7, lambda g=g: g.send(None))
        with contextlib.suppress(StopIteration):
            g.throw(KeyError())
        g.close()
    list(delegate(50))
    sum(x for x in generator(5))


@contextlib.contextmanager
def manager():
    check()
    yield
    check()


def managers():
    with manager(), manager():
        check()
    with contextlib.suppress(ZeroDivisionError), manager():
        try:
            raise ZeroDivisionError
        finally:
            check()


class Finalized:
    def __init__(self):
        check()
        self.cycle = self

    def __del__(self):
        check()


class Meta(type):
    def __new__(cls, *args):
        check()
        return super().__new__(cls, *args)

    def __call__(cls, *args):
        check()
        return super().__call__(*args)

    def __prepare__(name, *args):
        check()
        return {}


def classes():
    class Made(metaclass=Meta):
        check()

        def __init__(self):
            check()

        def __getattr__(self, name):
            check()
            if name.startswith("__"):
                raise AttributeError(name)
            return 1

        def __eq__(self, other):
            check()
            return True

        def __hash__(self):
            check()
            return 1

        @property
        def value(self):
            check()
            return 2

        __lt__ = __eq__

    one, two = Made(), Made()
    sorted([one, two, one], key=lambda x: (check(), x.value)[1])
    {one: 1, two: 2}
    one.missing, one == two, one in [two]
    copy.deepcopy([one, two])
    weakref.finalize(one, check)
    weakref.ref(two, check)
    Finalized()
    for _ in range(20):
        Finalized()
    gc.collect()


MADE = """
def f(a, *b, c=1, **d):
    check()
    return lambda: check()
f(1, 2, e=3)()
"""


def callbacks():
    sorted(range(30), key=lambda x: check() or -x)
    sorted(range(30), key=functools.cmp_to_key(lambda x, y: check() or x - y))
    max(range(10), key=lambda x: check() or x)
    list(map(lambda x: check(), range(5)))
    list(filter(check, range(5)))
    functools.reduce(lambda x, y: check() or y, range(5))
    re.sub("a", lambda m: check() or "b", "aaa")
    json.loads('{"a": {"b": 1}}', object_hook=lambda d: check() or d)
    json.dumps([object()], default=lambda o: check() or 1)
    cached = functools.lru_cache(maxsize=2)(lambda x: check())
    for x in range(5):
        cached(x)
    exec("check()\ndef made(x):\n    check()\n    return x\nmade(1)\n[made(y) for y in range(3)]",
         {"check": check})
    eval("check() or [check() for _ in 'ab']")
    for _ in range(20):  # code objects come, go, and are followed by others at their addresses
        exec(compile(MADE, "<made>", "exec"), {"check": check})


def imports():
    for name in ("colorsys", "this", "antigravity", "tabnanny", "csv", "wave"):
        if name in ("this", "antigravity"):
            continue
        sys.modules.pop(name, None)
        importlib.import_module(name)
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/imported_once.py", "w") as file:
            file.write("import builtins\nbuiltins.check_now()\nclass A: builtins.check_now()\n")
        sys.path.insert(0, folder)
        importlib.invalidate_caches()
        importlib.import_module("imported_once")
        del sys.modules["imported_once"]
        sys.path.remove(folder)


def move_from_below(callback_frames):
    """Deep below a callback, as a debugger's second one is: move a frame that waits for it."""
    def move():
        sys.settrace(None)
        frame = sys._getframe()
        while frame.f_code is not moved.__code__:
            frame = frame.f_back

        def at_the_end():
            for _ in range(100):  # seen, marked, and found as it was
                check()
            frame.f_lineno += 1
            check()
        deep(callback_frames, at_the_end)

    def trace(frame, event, arg):
        if event == "line" and frame.f_code is moved.__code__:
            sys.call_tracing(move, ())
        return trace

    def moved():
        check()
        check()
        check()
        check()

    sys.settrace(trace)
    deep(callback_frames, moved)
    sys.settrace(None)


def tracing():
    def trace(frame, event, arg):
        check()
        return trace

    def work():
        for x in range(3):
            list(generator(2))
            deep(3, lambda: None)
        with contextlib.suppress(ValueError):
            raise ValueError

    sys.settrace(trace)
    work()
    sys.settrace(None)
    sys.setprofile(lambda *args: check())
    work()
    sys.setprofile(None)
    if sys.version_info >= (3, 11):  # before, sys.call_tracing leaves nothing to tell it by
        move_from_below(30)
    if hasattr(sys, "monitoring"):
        events = sys.monitoring.events
        sys.monitoring.use_tool_id(3, "stress")
        for event in (events.LINE, events.PY_START, events.PY_RETURN):
            sys.monitoring.register_callback(3, event, lambda *args: check())
        sys.monitoring.set_events(3, events.LINE | events.PY_START | events.PY_RETURN)
        work()
        sys.monitoring.set_events(3, 0)
        sys.monitoring.free_tool_id(3)


async def agen(n):
    try:
        for i in range(n):
            check()
            await asyncio.sleep(0)
            yield i
    finally:
        check()


async def task(n):
    if n:
        return await task(n - 1)
    async for i in agen(3):
        check()
    [x async for x in agen(2)]
    abandoned = agen(3)
    await abandoned.__anext__()
    with contextlib.suppress(asyncio.CancelledError):
        cancelled = asyncio.ensure_future(asyncio.sleep(30))
        cancelled.add_done_callback(check)
        await asyncio.sleep(0)
        cancelled.cancel()
        await cancelled
    asyncio.get_running_loop().call_soon(check)
    await asyncio.get_running_loop().run_in_executor(None, check)
    return n


async def gather():
    await asyncio.gather(*(task(n) for n in (0, 1, 5, 20)))


def coroutines():
    asyncio.run(gather())


def threads():
    def run():
        for work in (recursion, generators, callbacks, managers, classes):
            work()

    running = [threading.Thread(target=run) for _ in range(8)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()


def foreign():
    """Python called back from C that Python called; with the GIL given up in between."""
    try:
        import ctypes
    except ImportError:
        return
    number = ctypes.POINTER(ctypes.c_int)
    kind = ctypes.CFUNCTYPE(ctypes.c_int, number, number)
    numbers = (ctypes.c_int * 10)(*range(10, 0, -1))
    ctypes.CDLL(None).qsort(numbers, 10, 4, kind(lambda a, b: check() or a[0] - b[0]))


def greenlets():
    try:
        import greenlet
    except ImportError:
        return
    ends = []

    def hop(n):
        check()
        deep(n, lambda: (check(), main.switch(n), check()))
        ends.append(n)

    main = greenlet.getcurrent()
    lets = [greenlet.greenlet(hop) for _ in range(6)]
    for n, let in enumerate(lets):
        let.switch(n * 5)
        check()
    for let in reversed(lets):
        deep(4, let.switch)
        check()
    assert len(ends) == 6


def walks_at_random(rounds):
    """With its own numbers: what a failure prints can be walked again."""
    for number in range(WALKS * rounds):
        at_random.walk(number, check)
    asyncio.run(at_random.tasks(0, check))


def described(code, seen):
    """What the reader reads of a code object is what the object says of itself."""
    if code in seen:
        return
    seen.add(code)
    filename, qualname, lines, first_line, _ = reader.describe(code)
    own = code.co_linetable if sys.version_info >= (3, 10) else code.co_lnotab
    name = getattr(code, "co_qualname", code.co_name)
    expected = (code.co_filename.encode("utf-8", "surrogateescape"),
                name.encode("utf-8", "surrogatepass"), own, code.co_firstlineno)
    assert (filename, qualname, lines, first_line) == expected, (code, filename, qualname)
    for constant in code.co_consts:
        if hasattr(constant, "co_code"):
            described(constant, seen)


def descriptions():
    seen = set()
    for thing in gc.get_objects():
        code = thing.__code__ if type(thing) is type(main) else None
        if code is not None:
            described(code, seen)
    for name in ("plain", "\xe9t\xe9", "\u0142\u4e2d", "\U0001f600", "x\udcffy"):
        source = compile("def f(): pass", f"/tmp/{name}.py", "exec")
        described(source.replace(co_name=name.encode("utf-8", "replace").decode()), seen)
    assert len(seen) > 100, len(seen)


WORKS = (recursion, generators, managers, classes, callbacks, imports, tracing, coroutines, threads,
         foreign, greenlets)


def main():
    rounds = int(sys.argv[1])
    attach()
    import builtins
    builtins.check_now = check
    gc.callbacks.append(check)
    gc.set_threshold(40)
    signal.signal(signal.SIGPROF, check)
    signal.setitimer(signal.ITIMER_PROF, 0.0005, 0.0005)
    for _ in range(rounds):
        for work in WORKS:
            work()
    signal.setitimer(signal.ITIMER_PROF, 0, 0)
    gc.set_threshold(700)
    reader.capture(True)
    very_deep()
    for work in WORKS:
        work()
    walks_at_random(rounds)
    reader.capture(False)
    gc.callbacks.clear()
    descriptions()
    sys.exit(checks.report())


if __name__ == "__main__":
    main()
