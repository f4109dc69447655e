# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""The hook that is in this process, if fil-profile has started it: core/hook/control.h."""

import ctypes
import enum
from typing import Any, Callable, Optional

_INTERFACE = 3


class State(enum.IntEnum):
    """What the hook does now."""

    OFF = 0
    OPEN = 1
    WHOLE = 2


class _Text(ctypes.Structure):
    _fields_ = [("bytes", ctypes.c_char_p), ("len", ctypes.c_uint32),
                ("reserved", ctypes.c_uint32)]


class _Scope(ctypes.Structure):
    _fields_ = [("folder", _Text), ("limit_bytes", ctypes.c_uint64),
                ("start_unix_ms", ctypes.c_int64), ("root", ctypes.c_void_p),
                ("is_root_hidden", ctypes.c_uint32), ("is_native", ctypes.c_uint32)]


class _Source(ctypes.Structure):
    _fields_ = [("name", _Text), ("shown", _Text), ("text", _Text)]


class Usage(ctypes.Structure):
    """Bytes that are held, and that were at most; the last refused allocation."""

    _fields_ = [("live_bytes", ctypes.c_uint64), ("peak_bytes", ctypes.c_uint64),
                ("refused_bytes", ctypes.c_uint64), ("refusals", ctypes.c_uint64)]

    live_bytes: int
    peak_bytes: int
    refused_bytes: int
    refusals: int


(_VERSION, _STATE, _OPEN, _CLOSE, _USAGE, _RESET_PEAK, _REPORT, _AWAIT_REPORT, _ADD_SOURCE,
 _SUPERVISOR, _RUN_USAGE) = (0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
_IN_CHILD, _IS_OPEN, _IS_OFF, _IS_ALONE = -2, -3, -4, -6
_NOT_YET, _FAILED, _HAS_LIMIT, _NOT_NATIVE, _HAS_THREADS = -8, -9, -10, -11, -12

_HOW = ("start the program with `fil-profile python SCRIPT.py` (or `python -m filprofiler python "
        "SCRIPT.py`); in Jupyter choose the kernel \"Python 3 with Fil\"")
_WHY = {
    _IN_CHILD: "this is a child process, and only the program that fil-profile has started is "
               "profiled: call it in the parent",
    _IS_OPEN: "another block is being profiled: blocks do not nest, and one is open at a time in "
              "all threads and tasks",
    _IS_OFF: "nothing is being profiled: call start_tracing(), or use profile_block()",
    _HAS_LIMIT: "`fil-profile run --limit` has set a limit for the whole program: a block in it "
                "can have none of its own",
    _NOT_NATIVE: "blocks show machine code under `fil-profile run` if that was started with "
                 "--native",
    _HAS_THREADS: "with Python's debug allocators (-X dev, PYTHONMALLOC=debug) and without the GIL "
                  "the first block has to begin before there are threads",
    _IS_ALONE: "fil-profile itself was killed: nobody can write reports any more",
}


def _function(library: Callable[[Optional[str]], Any]) -> Any:
    """fil_control, or None if this process has no hook that we know how to talk to."""
    try:
        function = library(None).fil_control
    except (AttributeError, OSError):
        return None
    function.restype = ctypes.c_long
    function.argtypes = (ctypes.c_uint, ctypes.c_void_p)
    return function if function(_VERSION, None) >= _INTERFACE else None


# With the interpreter's lock, and without it for what waits.
_control = _function(ctypes.PyDLL)
_control_and_wait = _function(ctypes.CDLL)


def _text(value: bytes) -> _Text:
    return _Text(value, len(value), 0)


def _checked(result: int) -> int:
    if result < 0:
        raise RuntimeError(_WHY.get(result, f"fil-profile cannot do that now ({result})"))
    return result


def _call(operation: int, argument: Optional[ctypes.Structure] = None) -> int:
    if _control is None:
        raise RuntimeError("fil-profile has not started this process, so nothing of it can be "
                           f"profiled: {_HOW}")
    return _checked(_control(operation, None if argument is None else ctypes.addressof(argument)))


def is_available() -> bool:
    """True in a process whose parts can be profiled."""
    return _control is not None and _control(_STATE, None) >= 0


def state() -> State:
    """What the hook does; RuntimeError if there is none, or in a child process."""
    return State(_call(_STATE))


def check() -> None:
    """RuntimeError, with the reason, unless parts of this process can be profiled."""
    state()


def open_scope(folder: bytes, root: int, is_root_hidden: bool, limit_bytes: int, is_native: bool,
               start_unix_ms: int) -> None:
    """Begin a block, without what was recorded before. What is allocated here is not in it."""
    scope = _Scope(_text(folder) if folder else _Text(), limit_bytes, start_unix_ms, root,
                   is_root_hidden, is_native)
    _call(_OPEN, scope)


def close_scope() -> None:
    """Stop."""
    _call(_CLOSE)


def usage() -> Usage:
    """Of the open block, or of the last one."""
    result = Usage()
    _call(_USAGE, result)
    return result


def run_usage() -> Usage:
    """Of the whole run."""
    result = Usage()
    _call(_RUN_USAGE, result)
    return result


def reset_peak() -> None:
    """The peak of the open block is what is held now."""
    _call(_RESET_PEAK)


def request_report(folder: bytes) -> None:
    """Have a report of the last block written. await_report follows."""
    _call(_REPORT, _text(folder))


def await_report() -> bool:
    """Wait a moment. True once the report is there; OSError if it is not complete."""
    result = _control_and_wait(_AWAIT_REPORT, None)
    if result == _FAILED:
        raise OSError("the report could not be written: fil-profile has said why on stderr")
    return result != _NOT_YET and _checked(result) == 0


def add_source(name: bytes, shown: bytes, text: bytes) -> None:
    """Keep the text of a file that is on no disk, for reports, which call it as shown says."""
    _call(_ADD_SOURCE, _Source(_text(name), _text(shown), _text(text)))


def supervisor() -> int:
    """The process id of fil-profile; 0 if it was killed."""
    return _call(_SUPERVISOR)
