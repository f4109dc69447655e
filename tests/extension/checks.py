# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Counts comparisons of the hook's stack reader with sys._getframe(), made at the same instant.

The differences that are known and wanted are data: EXCEPTIONS. Everything else is a failure, of
which the first few are printed.
"""

import dis
import json
import sys
import threading

import reader

ATTACHED = 1
SHOWN_DIFFERENCES = 3


def before_resume(code, offset):
    """The frame has been made but its function has not begun: cells, generators, RESUME to come."""
    if code not in _resumes:
        found = (i.offset for i in dis.get_instructions(code) if i.opname == "RESUME")
        _resumes[code] = next(found, 0)
    return offset < _resumes[code]


_resumes = {}

# Frames that the reader shows and sys._getframe() does not: (first version, frame is one, why).
EXCEPTIONS = [
    ((3, 11), before_resume, "Python hides a frame until its RESUME; memory is allocated before"),
]


class Checks:
    """Counters, one set per process; check() may be called at any time, by any thread."""

    def __init__(self):
        self.compared = self.excepted = self.different = self.given_up = 0
        self.lock = threading.Lock()
        self.busy = threading.local()
        self.examples = []

    def check(self, *_):
        if getattr(self.busy, "now", False):
            return
        self.busy.now = True
        try:
            result = reader.compare()
            self.compared += 1
            if result is not None:
                self.judge(*result)
        except (RecursionError, MemoryError):
            self.given_up += 1  # what a test provokes; comparing needs some of both
        finally:
            self.busy.now = False

    def judge(self, seen, expected, depth):
        shown = [frame for frame in seen if not any(
            sys.version_info >= since and is_one(*frame) for since, is_one, _ in EXCEPTIONS)]
        hidden = [frame for frame in expected if not any(
            sys.version_info >= since and is_one(*frame) for since, is_one, _ in EXCEPTIONS)]
        with self.lock:
            if depth >= 0 and shown == hidden:
                self.excepted += 1
                return
            self.different += 1
            if len(self.examples) < SHOWN_DIFFERENCES:
                self.examples.append(describe_difference(seen, expected, depth))

    def report(self):
        """Print what was found as one line of JSON, the last one; the exit status."""
        walks, changed, deepest, marked = reader.captures()
        for example in self.examples:
            print(example)
        print(json.dumps({
            "version": sys.version.split()[0], "hooked": reader.hooked(), "compared": self.compared,
            "excepted": self.excepted, "different": self.different,
            "given_up": self.given_up, "walks": walks,
            "walks_different": changed, "deepest": deepest, "walks_marked": marked,
        }), flush=True)
        return 1 if self.different or changed else 0


def describe_difference(seen, expected, depth):
    lines = [f"reader {len(seen)} frames, Python {len(expected)}, cached and full walk "
             + ("agree" if depth >= 0 else "differ")]
    for i in range(max(len(seen), len(expected))):
        pair = seen[i:i + 1], expected[i:i + 1]
        if pair[0] != pair[1]:
            lines.append(f"  {i}: {pair[0]} != {pair[1]}")
        if len(lines) > 12:
            break
    return "\n".join(lines)


def attach():
    state = reader.attach()
    if state != ATTACHED:
        sys.exit(f"the reader cannot read this Python {sys.version}: state {state}")
