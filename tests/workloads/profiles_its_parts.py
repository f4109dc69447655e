# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Profiles parts of itself, in the way that is named, and prints what the API says as JSON.

    profiles_its_parts.py WAY FOLDER
"""

import asyncio
import json
import os
import sys
import threading
import time

import filprofiler
from filprofiler import _block, api

MB = 1_000_000
folder = sys.argv[2]


def told(function):
    """The message of the RuntimeError that the function raises."""
    try:
        function()
    except RuntimeError as error:
        return str(error)
    return None


def allocate():
    kept = bytearray(20 * MB)  # kept
    bytearray(30 * MB)  # dropped
    return len(kept)


def as_function():
    before = bytearray(50 * MB)
    value = api.profile(allocate, folder)
    return {"value": value, "before": len(before)}


def as_replaced_code():
    """A code object that is older than the block is freed in it, and another takes its place."""
    def made(name, line):
        text = "\n" * (line - 2) + f"def {name}():\n    return bytearray({MB})\n"
        namespace = {}
        exec(compile(text, "<made>", "exec"), namespace)
        return namespace[name]

    functions, held, others = [made("older", 7)], [], []

    def work():
        held.append(functions[0]())
        place = id(functions.pop().__code__)
        for line in range(100, 1100):
            others.append(made("newer", line))
            if id(others[-1].__code__) == place:
                held.append(others[-1]())
                return line
        return None
    return {"line": api.profile(work, folder)}


def as_failing_function():
    def fails():
        allocate()
        raise KeyError("on purpose")
    try:
        api.profile(fails, folder)
    except KeyError as error:
        return {"raised": str(error)}
    return {}


def as_block():
    with api.profile_block(folder) as run:
        held = bytearray(5 * MB)  # held
        allocate()
        inside = run.peak_bytes, run.live_bytes
    return {"peak": run.peak_bytes, "live": run.live_bytes, "inside": inside,
            "report": str(run.report_path), "top": [list(site) for site in run.top(2)],
            "end": [list(site) for site in run.top(1, of="end")], "held": len(held)}


def as_blocks():
    """Each begins from nothing, and what an earlier one has left is not on its books."""
    peaks = []
    kept = []
    for size in (10, 20, 5):
        with api.profile_block() as run:
            kept.append(bytearray(size * MB))
            kept[0] = None
        peaks.append([run.peak_bytes, run.live_bytes])
    return peaks


def as_decorator():
    @api.profile_block(folder)
    def decorated(size, extra=0):
        return len(bytearray(size + extra))
    return {"value": decorated(10 * MB, extra=MB), "name": decorated.__name__}


def as_async_decorator():
    @api.profile_block(folder)
    async def decorated(size):
        await asyncio.sleep(0)
        block = bytearray(size)  # async
        await asyncio.sleep(0)
        return len(block)

    async def second():
        return told(lambda: api.profile(allocate, folder + "-other"))

    async def both():
        return await asyncio.gather(decorated(10 * MB), second())
    value, error = asyncio.run(both())
    return {"value": value, "error": error}


def as_generator():
    def generator():
        yield 1
    try:
        api.profile_block(folder)(generator)
    except TypeError as error:
        return {"error": str(error)}
    return {}


def nested():
    with api.profile_block(folder) as run:
        first = bytearray(5 * MB)
        error = told(lambda: api.profile(allocate, folder + "-other"))
        del first
    return {"error": error, "peak": run.peak_bytes}


def traced():
    api.start_tracing()
    block = bytearray(10 * MB)
    peak, now = filprofiler.peak_bytes(), filprofiler.current_bytes()
    del block
    freed = filprofiler.current_bytes()
    filprofiler.reset_peak()
    after = filprofiler.peak_bytes()
    block = bytearray(2 * MB)
    run = api.stop_tracing(folder)
    del block
    return {"peak": peak, "now": now, "freed": freed, "after": after, "last": run.peak_bytes,
            "off": told(filprofiler.current_bytes), "twice": told(api.stop_tracing)}


def in_thread():
    found = {}

    def work():
        with api.profile_block(folder) as run:
            bytearray(7 * MB)
        found["peak"] = run.peak_bytes
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return found


def of_all_threads():
    """A block counts what other threads allocate meanwhile."""
    go, done = threading.Event(), threading.Event()

    def work():
        go.wait()
        bytearray(9 * MB)
        done.set()
    thread = threading.Thread(target=work)
    thread.start()
    with api.profile_block(folder) as run:
        go.set()
        done.wait()
    thread.join()
    return {"peak": run.peak_bytes}


def in_child():
    reader, writer = os.pipe()
    with api.profile_block(folder) as run:
        mine = bytearray(3 * MB)
        pid = os.fork()
        if pid == 0:
            errors = [told(lambda: api.profile(allocate, folder)), told(filprofiler.peak_bytes)]
            os.write(writer, json.dumps(errors).encode())
        else:
            os.waitpid(pid, 0)
        if pid == 0:
            run.end()
            os._exit(0)
    del mine
    os.close(writer)
    return {"errors": json.loads(os.read(reader, 4096)), "peak": run.peak_bytes}


def limited():
    kept, found = [], {}
    with api.profile_block(folder, limit_bytes=50 * MB) as run:
        try:
            while True:
                kept.append(bytearray(MB))
        except MemoryError:
            found["handled"] = len(kept)
    kept += [bytearray(MB) for _ in range(50)]
    return {**found, "peak": run.peak_bytes, "refused": run.refused_bytes, "kept": len(kept)}


def interrupted_anywhere():
    """A Ctrl-C at each line of the package in turn: none leaves the block open."""
    from filprofiler import _hook
    states = []
    interrupted = True
    while interrupted:
        lines = 0

        def trace(frame, event, _argument):
            nonlocal lines
            if "/filprofiler/" not in frame.f_code.co_filename:
                return None
            lines += event == "line"
            if lines > len(states):
                # Python takes the function off then.
                raise KeyboardInterrupt
            return trace
        sys.settrace(trace)
        try:
            _block.call(api.Run(None), allocate)
            interrupted = False
        except KeyboardInterrupt:
            pass
        sys.settrace(None)
        states.append(_hook.state().name)
    with api.profile_block() as run:
        allocate()
    return {"states": states, "peak": run.peak_bytes}


def native():
    """Blocks with and without the frames of machine code, in turn."""
    import zlib
    kept = []
    for number, is_native in enumerate((False, True, False, True)):
        with api.profile_block(f"{folder}-{number}", native=is_native):
            kept.append(zlib.compressobj(9))  # native
    return {}


def beside_a_run():
    """Blocks of a program that is profiled as a whole."""
    before = [bytearray(40 * MB)]  # before

    def first():
        return bytearray(20 * MB)  # first

    def second(kept):
        before.clear()
        kept.clear()
        bytearray(7 * MB)  # second

    parts = []
    kept = []
    with api.profile_block(f"{folder}/first") as run:
        kept.append(first())
    parts.append([run.peak_bytes, run.live_bytes])
    run = api.Run(f"{folder}/second")
    _block.call(run, second, (kept,))
    parts.append([run.peak_bytes, run.live_bytes])
    with api.profile_block() as run:
        pass
    parts.append([run.peak_bytes, run.live_bytes])
    return {"parts": parts, "now": filprofiler.current_bytes(),
            "peak": filprofiler.peak_bytes(), "reset": told(filprofiler.reset_peak)}


def limited_beside_a_run():
    before = [bytearray(MB) for _ in range(60)]
    found = []
    for _ in range(2):
        kept = []
        with api.profile_block(folder, limit_bytes=50 * MB) as run:
            # Neither they nor their end are the block's.
            before.pop()
            try:
                while True:
                    kept.append(bytearray(MB))
            except MemoryError:
                found.append(len(kept))
        del kept
    return {"handled": found[0], "again": found[1], "refused": run.refused_bytes}


def dies_inside():
    api.start_tracing(folder)
    held = bytearray(40 * MB)
    os.kill(os.getpid(), 9)
    return held


def waits_inside():
    api.start_tracing(folder)
    held = bytearray(40 * MB)
    print("held", flush=True)
    while True:
        time.sleep(len(held) / MB)


def from_memory():
    """Source lines of a file that is on no disk."""
    import linecache
    text = "def work():\n    return len(bytearray(8_000_000))  # from memory\nwork()\n"
    linecache.cache["<cell 1>"] = (len(text), None, text.splitlines(True), "<cell 1>")
    with api.profile_block(folder):
        exec(compile(text, "<cell 1>", "exec"), {})
    return {}


def in_turn():
    """Threads that all profile, one after the other or with a clear error; nothing is mixed."""
    results = []

    def work(number):
        for _ in range(5):
            try:
                with api.profile_block(f"{folder}-{number}") as run:
                    bytearray(number * 10 * MB)
            except RuntimeError as error:
                results.append(str(error))
            else:
                results.append(run.peak_bytes)
    threads = [threading.Thread(target=work, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]]()))
