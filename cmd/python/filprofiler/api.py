# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Profile a part of a program that was started with `fil-profile python` (or `fil-profile run`,
which profiles the whole besides).

    from filprofiler.api import profile, profile_block

    result = profile(lambda: fit(data), "fil-result/fit")

    with profile_block("fil-result/fit") as run:
        fit(data)
    print(run.peak_bytes, run.top(3))

    @profile_block("fil-result/load")
    async def load(): ...

What is counted is what is allocated inside, by all threads; what was there before is not. One block
is open at a time: opening another, in whatever thread or task, raises RuntimeError. So does every
function here in a process that fil-profile has not started, and in child processes. The report goes
into the folder that is given, and replaces one that is there.
"""

import functools
import inspect
import sys
from types import TracebackType
from typing import Any, Callable, Optional, TypeVar, cast

from filprofiler import _block, _hook
from filprofiler._block import Path, Run
from filprofiler._folded import Site, Stack

__all__ = ["Run", "Site", "Stack", "current_bytes", "peak_bytes", "profile", "profile_block",
           "reset_peak", "start_tracing", "stop_tracing"]

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


def profile(function: Callable[[], T], path: Path) -> T:
    """Call the function, and write a report of its memory into the folder path.

    Returns what the function returns, and raises what it raises; there is a report in both cases.
    """
    return _block.call(Run(path), function)


class profile_block:
    """A block of code, or (as a decorator) every call of a function, also of an async one.

    Without a path nothing is written: the Run still tells peak_bytes and live_bytes. limit_bytes
    makes allocations fail that would go above it, with MemoryError in Python. native: stacks have
    the frames of machine code, too.
    """

    def __init__(self, path: Optional[Path] = None, *, limit_bytes: int = 0,
                 native: bool = False) -> None:
        self._path = path
        self._limit_bytes = limit_bytes
        self._native = native
        self._run: Optional[Run] = None

    def _new(self) -> Run:
        return Run(self._path, self._limit_bytes, self._native)

    def __enter__(self) -> Run:
        run = self._new()
        run.begin(sys._getframe(1).f_code)
        self._run = run
        return run

    def __exit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException],
                 traceback: Optional[TracebackType]) -> None:
        run, self._run = self._run, None
        if run is not None:
            run.end(is_failing=kind is not None)

    def __call__(self, function: F) -> F:
        """As a decorator."""
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(f"{function.__qualname__} is a generator function: a call of it only "
                            "makes the generator; profile what goes through it")

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return _block.call(self._new(), function, args, kwargs)

        @functools.wraps(function)
        async def async_wrapper(*args: Any, **kwargs: Any) -> Any:
            return await _block.call_async(self._new(), function, args, kwargs)

        return cast(F, async_wrapper if inspect.iscoroutinefunction(function) else wrapper)


_tracing: Optional[Run] = None


def start_tracing(path: Optional[Path] = None) -> Run:
    """Begin a block that stop_tracing ends. With a path there is a report even if the program is
    killed before."""
    global _tracing
    run = Run(path)
    run.begin(None)
    _tracing = run
    return run


def stop_tracing(path: Optional[Path] = None) -> Run:
    """End it, and write the report if a path was given here or at the start."""
    global _tracing
    run, _tracing = _tracing, None
    if run is None:
        _hook.check()
        raise RuntimeError("stop_tracing() without start_tracing()")
    run.end()
    if path is not None:
        run.write_report(path)
    return run


def current_bytes() -> int:
    """What is held now of what was allocated in the open block, or since the start under
    `fil-profile run`."""
    return _usage().live_bytes


def peak_bytes() -> int:
    """The most of it that was held at one time."""
    return _usage().peak_bytes


def reset_peak() -> None:
    """Let the peak of the open block begin anew, with what is held now."""
    if _hook.state() is _hook.State.WHOLE:
        raise RuntimeError("the peak of the whole run stays: reset_peak() is for blocks")
    _hook.reset_peak()


def _usage() -> _hook.Usage:
    state = _hook.state()
    if state is _hook.State.OFF:
        raise RuntimeError("nothing is being profiled: call start_tracing(), or use "
                           "profile_block()")
    return _hook.usage() if state is _hook.State.OPEN else _hook.run_usage()
