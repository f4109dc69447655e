# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""pytest: the peak of each test, and limits for it.

    fil-profile python -m pytest --fil          or run -m pytest, for a report of all besides

    @pytest.mark.limit_peak("200 MB")     the test holds at most so much at one time
    @pytest.mark.limit_leak("1 MB")       and at its end at most so much of it

What a test function allocates is counted, not what its fixtures do. A test that begins a block of
its own, with profile_block() or the like, measures itself, and is left out. A test that exceeds its
limit fails, with the stacks that hold most. Limits are checked whenever pytest was started by
fil-profile, and not otherwise; nor in the processes of pytest-xdist.
"""

import gc
import inspect
import os
import pathlib
import re
from collections.abc import Generator
from types import CodeType
from typing import Any, NamedTuple, Optional

import pytest

from filprofiler import _folded, _hook
from filprofiler._block import Run

_RESULTS = "fil-result"
# What a process of pytest-xdist hands to the one that shows the summary.
_UNCHECKED = "fil_unchecked"
_STACKS_SHOWN = 5
_FRAMES_SHOWN = 8
_LIMITS = {"limit_peak": "at its peak", "limit_leak": "at its end"}
_GAVE_WAY = ("@pytest.mark.{limit}({text!r}) cannot be checked: the test begins a block of its "
             "own, and blocks do not nest")


class _Excess(NamedTuple):
    """A limit that a test has exceeded, and who has done it."""

    limit: str
    text: str
    used: int
    report: pathlib.Path
    stacks: list[_folded.Stack]

    def __str__(self) -> str:
        lines = [f"{_folded.format_bytes(self.used)} held {_LIMITS[self.limit]}, more than "
                 f"@pytest.mark.{self.limit}({self.text!r})"]
        for stack in self.stacks[:_STACKS_SHOWN]:
            lines.append(f"\n  {_folded.format_bytes(stack.bytes)} by")
            lines += [f"    {frame.file}:{frame.line} ({frame.function})"
                      for frame in reversed(stack.frames[-_FRAMES_SHOWN:])]
        lines.append(f"\n  the whole report: {self.report}")
        return "\n".join(lines)


class _Plugin:
    """What happens around the call of each test."""

    def __init__(self, shows_peaks: bool) -> None:
        self._shows_peaks = shows_peaks
        self._peaks: dict[str, tuple[int, int]] = {}
        # What is wrong with a test, in words.
        self._excess: dict[str, list[str]] = {}
        self._unchecked = 0

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, None]:
        """Measure the test, if that is wanted."""
        limits = _limits_of(item)
        if not _hook.is_available():
            self._unchecked += bool(limits)
            limits = {}
        if not limits and not (self._shows_peaks and _hook.is_available()):
            yield
            return
        run = Run(None)
        run.gives_way = True
        run.begin(_code_of(item))
        yield
        if "limit_leak" in limits:
            # What only a cycle still holds is no leak.
            gc.collect()
        run.end()
        if run.has_given_way:
            self._excess[item.nodeid] = [_GAVE_WAY.format(limit=limit, text=text)
                                         for limit, text in limits.items()]
            return
        self._peaks[item.nodeid] = run.peak_bytes, run.live_bytes
        self._excess[item.nodeid] = list(map(str, _check(item, run, limits)))

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item,
                                  call: "pytest.CallInfo[None]") -> Generator[None, Any, None]:
        """A test that has passed fails if it has exceeded a limit."""
        outcome = yield
        report = outcome.get_result()
        excess = self._excess.get(item.nodeid)
        if call.when == "call" and report.passed and excess:
            report.outcome = "failed"
            report.longrepr = "\n\n".join(excess)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """In a process of pytest-xdist: tell how many limits were not checked here."""
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            output[_UNCHECKED] = self._unchecked

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """And in the other: add that up."""
        self._unchecked += getattr(node, "workeroutput", {}).get(_UNCHECKED, 0)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """The peaks, largest first."""
        if self._unchecked:
            terminalreporter.write_line(
                f"{self._unchecked} tests have limits of memory that were not checked: start "
                "pytest with fil-profile python -m pytest, and without processes of pytest-xdist")
        if not self._shows_peaks:
            return
        terminalreporter.section("peak memory of tests (held at their end)")
        for name, (peak, live) in sorted(self._peaks.items(), key=lambda row: -row[1][0]):
            terminalreporter.write_line(f"{_folded.format_bytes(peak):>10}  "
                                        f"({_folded.format_bytes(live):>10})  {name}")


def _limits_of(item: pytest.Item) -> dict[str, str]:
    """Name of the marker: the amount that it says. Of several of a name the closest counts."""
    limits = {}
    for name in _LIMITS:
        marker = item.get_closest_marker(name)
        if marker is None:
            continue
        if len(marker.args) != 1 or marker.kwargs or not isinstance(marker.args[0], str):
            raise pytest.UsageError(f"{item.nodeid}: {name} takes one amount, as in "
                                    f"@pytest.mark.{name}(\"200 MB\")")
        try:
            _folded.parse_bytes(marker.args[0])
        except ValueError as error:
            raise pytest.UsageError(f"{item.nodeid}: {name}: {error}") from None
        limits[name] = marker.args[0]
    return limits


def _code_of(item: pytest.Item) -> Optional[CodeType]:
    """The code of the test function: where its stacks begin."""
    function = inspect.unwrap(getattr(item, "obj", None) or _code_of)
    code = getattr(function, "__code__", None)
    return code if isinstance(code, CodeType) else None


def _check(item: pytest.Item, run: Run, limits: dict[str, str]) -> list[_Excess]:
    used = {"limit_peak": run.peak_bytes, "limit_leak": run.live_bytes}
    excess = []
    for name, text in limits.items():
        if used[name] <= _folded.parse_bytes(text):
            continue
        if run.report_path is None:
            run.write_report(pathlib.Path(_RESULTS, _file_name(item.nodeid)))
        assert run.report_path is not None
        stacks = run.stacks("peak" if name == "limit_peak" else "end")
        excess.append(_Excess(name, text, used[name], run.report_path, stacks))
    return excess


def _file_name(nodeid: str) -> str:
    """The name of a folder for a test."""
    return re.sub(r"[^\w.\[\]-]+", "-", nodeid)[-150:]


def pytest_addoption(parser: pytest.Parser) -> None:
    """--fil."""
    parser.getgroup("fil").addoption("--fil", action="store_true",
                                     help="show the peak memory of each test; needs pytest to be "
                                          "started by: fil-profile python -m pytest --fil")


def pytest_configure(config: pytest.Config) -> None:
    """Markers, and the plugin itself."""
    config.addinivalue_line("markers", "limit_peak(amount): fail if the test holds more at one "
                                       "time, as in limit_peak(\"200 MB\")")
    config.addinivalue_line("markers", "limit_leak(amount): fail if the test leaves more behind")
    shows_peaks = bool(config.getoption("--fil"))
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    if shows_peaks and not is_worker and getattr(config.option, "tx", None):
        raise pytest.UsageError("--fil: pytest-xdist runs tests in child processes, which are not "
                                "profiled: use -n 0, or leave --fil out")
    if shows_peaks and not is_worker:
        try:
            _hook.check()
        except RuntimeError as error:
            raise pytest.UsageError(f"--fil: {error}; here: fil-profile python -m pytest "
                                    "--fil") from None
    config.pluginmanager.register(_Plugin(shows_peaks), "fil-peaks")
