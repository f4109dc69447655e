# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""One block that is profiled: from begin to end, and its report."""

import operator
import os
import pathlib
import subprocess
import threading
import time
import warnings
from collections.abc import Awaitable, Mapping
from types import CodeType
from typing import Any, Callable, Optional, TypeVar, Union

from filprofiler import _folded, _hook, _program, _sources

T = TypeVar("T")
Path = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]

# Held while a block is opened and while a report is written: the report is of the last block, and
# opening the next one forgets it.
_reports = threading.RLock()


def _absolute(path: Path) -> pathlib.Path:
    return pathlib.Path(os.path.abspath(os.fsdecode(path)))


class Run:
    """What was measured of one block. Bytes are those that were asked for, to the byte."""

    def __init__(self, path: Optional[Path], limit_bytes: int = 0, native: bool = False) -> None:
        self._folder = None if path is None else _absolute(path)
        self._limit_bytes = operator.index(limit_bytes)
        if not 0 <= self._limit_bytes < 1 << 63:
            raise ValueError(f"limit_bytes={limit_bytes} is no amount of memory")
        self._native = native
        self._usage: Optional[_hook.Usage] = None
        self._has_report = False
        self._is_open = False
        self._pid = 0
        self._seconds = 0.0
        # Not what the user has asked for here and now: a block of the user's own ends it.
        self.gives_way = False
        self.has_given_way = False

    def __repr__(self) -> str:
        if self._pid == 0:
            return "<Run: not started>"
        return f"<Run: peak {_folded.format_bytes(self.peak_bytes)}>"

    def _now(self) -> _hook.Usage:
        return self._usage if self._usage is not None else _hook.usage()

    @property
    def peak_bytes(self) -> int:
        """The most that was held at one time, of what was allocated in the block."""
        return self._now().peak_bytes

    @property
    def live_bytes(self) -> int:
        """What is held of it now, or at the end of the block."""
        return self._now().live_bytes

    @property
    def refused_bytes(self) -> int:
        """The last allocation that was refused, because of a limit or by the system; 0: none."""
        return self._now().refused_bytes

    @property
    def seconds(self) -> float:
        """How long the block took."""
        return self._seconds

    @property
    def report_path(self) -> Optional[pathlib.Path]:
        """The page of the report, once it is there."""
        if not self._has_report or self._folder is None:
            return None
        return self._folder / "index.html"

    def top(self, count: int = 10, of: str = "peak") -> list[_folded.Site]:
        """The lines of code that have allocated most of the peak, of what is held at the "end", or
        of the "total", largest first."""
        return _folded.sites(iter(self.stacks(of)))[:count]

    def stacks(self, of: str = "peak") -> list[_folded.Stack]:
        """All call stacks with what they hold, largest first."""
        if not self._has_report or self._folder is None:
            raise RuntimeError("there is no report to read that from: give the block a path, or "
                               "call write_report(path) after it")
        command = [_program.find(), "report", "--format=folded", f"--of={of}",
                   str(self._folder / "capture.fil")]
        text = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
        return list(_folded.parse(text.decode("utf-8", "surrogateescape")))

    def write_report(self, path: Optional[Path] = None) -> None:
        """Write the report, after the block and before the next one is begun."""
        if path is not None:
            self._folder = _absolute(path)
        if self._folder is None:
            raise ValueError("write_report() needs a path: the block was given none")
        with _reports:
            if _last is not self or self._usage is None:
                raise RuntimeError("the report of a block can be written after its end, until the "
                                   "next one is begun")
            _sources.hand_over()
            _hook.request_report(os.fsencode(self._folder))
            _await_report()
        self._has_report = True

    # What follows is called by the functions below, in frames that are told to the hook.

    def begin(self, root: Optional[CodeType], is_root_hidden: bool = False) -> None:
        """Record from now on. Stacks begin at the outermost frame of the code root, if given."""
        global _last
        _hook.check()
        with _reports:
            folder = b""
            if self._folder is not None:
                os.makedirs(self._folder, mode=0o700, exist_ok=True)
                folder = os.fsencode(self._folder)
            if _last is not None and _last.gives_way and _last is not self:
                _last.has_given_way = _last._is_open
                _last.end()
            if _hook.state() is not _hook.State.OPEN:
                _sources.hand_over()
            self._usage = None
            self._has_report = False
            self._pid = os.getpid()
            self._seconds = time.monotonic()
            # Known to be open before it is, so that a Ctrl-C in between leaves none open.
            self._is_open = True
            try:
                _hook.open_scope(folder, 0 if root is None else id(root), is_root_hidden,
                                 self._limit_bytes, self._native, int(time.time() * 1000))
            except (RuntimeError, TypeError, ValueError):
                self._is_open = False
                raise
            _last = self

    def end(self, is_failing: bool = False) -> None:
        """Stop, and write the report; nothing if that was done. is_failing: an exception is on its
        way, which counts more than one of ours."""
        if not self._is_open or os.getpid() != self._pid:
            # In a forked child the block is the parent's.
            return
        with _reports:
            try:
                _hook.close_scope()
            except RuntimeError:
                # A Ctrl-C came after it was closed, and before that was noted.
                if not is_failing:
                    raise
            self._is_open = False
            self._seconds = time.monotonic() - self._seconds
            self._usage = _hook.usage()
            if self._folder is None:
                return
            try:
                self.write_report()
            except (OSError, RuntimeError) as error:
                if not is_failing:
                    raise
                warnings.warn(str(error), RuntimeWarning, stacklevel=3)


# The block that was begun last.
_last: Optional[Run] = None


def _await_report() -> None:
    """Wait for it. The first Ctrl-C waits with us, so that what is read for the report stays."""
    interrupt: Optional[KeyboardInterrupt] = None
    while True:
        try:
            if _hook.await_report():
                break
        except KeyboardInterrupt as error:
            if interrupt is not None:
                raise
            interrupt = error
    if interrupt is not None:
        raise interrupt


def call(run: Run, function: Callable[..., T], args: tuple[Any, ...] = (),
         kwargs: Optional[Mapping[str, Any]] = None) -> T:
    """function(*args, **kwargs) as a block: its stacks begin with the function."""
    try:
        run.begin(call.__code__, is_root_hidden=True)
        result = function(*args, **(kwargs or {}))
        run.end()
    except BaseException:
        run.end(is_failing=True)
        raise
    return result


async def call_async(run: Run, function: Callable[..., Awaitable[T]], args: tuple[Any, ...],
                     kwargs: Mapping[str, Any]) -> T:
    """The same for a coroutine function."""
    try:
        run.begin(call_async.__code__, is_root_hidden=True)
        result = await function(*args, **kwargs)
        run.end()
    except BaseException:
        run.end(is_failing=True)
        raise
    return result
