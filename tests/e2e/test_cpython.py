# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# alone: CPython's tests of signals and threads are themselves sensitive to a busy machine.
"""CPython's own tests end under fil-profile as they do without it, each of them.

A test that fails without us, as some do on some machines, has to fail with us; one that gives
different results in two runs without us proves nothing, and is left out after a second look.
"""

import os
import signal
import xml.etree.ElementTree

import pytest
import runs
from runs import interpreter, versions

MODULES = ["test_gc", "test_json", "test_threading", "test_generators", "test_asyncio",
           "test_subprocess", "test_multiprocessing_spawn", "test_signal", "test_faulthandler"]
FAST = [("3.11", module) for module in ("test_gc", "test_json", "test_generators", "test_signal")]
CASES = [(version, module) for version in versions() for module in MODULES]
# Looks before a difference counts: with and without us in turn.
TRIES = 3


def outcome(case):
    for child in case:
        if child.tag in ("failure", "error", "skipped"):
            return child.tag
    return "ok"


def read_outcomes(path):
    """name of a test: how it ended."""
    cases = xml.etree.ElementTree.parse(path).iter("testcase")
    return {case.get("name"): outcome(case) for case in cases}


def write_spawn_module(folder):
    """Some releases were installed without this package, of which this is the whole content."""
    (folder / "test_multiprocessing_spawn.py").write_text(
        "import unittest\nimport test._test_multiprocessing\n\n"
        "test._test_multiprocessing.install_tests_in_module_dict(globals(), 'spawn')\n\n"
        "if __name__ == '__main__':\n    unittest.main()\n")


def has_module(python, module, folder):
    code = f"import importlib.util as u, sys; sys.exit(not u.find_spec('test.{module}'))"
    return runs.run([python, "-c", code], folder).returncode == 0


class Suite:
    """One of CPython's test modules in one interpreter."""

    def __init__(self, version, module, folder):
        self.python, self.module, self.folder = interpreter(version), module, folder
        self.options = []
        if not has_module(self.python, "support", folder):
            (pytest.fail if runs.FULL else pytest.skip)(
                f"{self.python} is installed without CPython's tests, the package \"test\"")
        if not has_module(self.python, module, folder):
            if module != "test_multiprocessing_spawn":
                pytest.skip(f"{self.python} is installed without {module}")
            own = folder / "testdir"
            own.mkdir()
            write_spawn_module(own)
            self.options = ["--testdir", own]

    def run(self, profiled):
        """(status, outcomes) of a run."""
        report = self.folder / "junit.xml"
        report.unlink(missing_ok=True)
        words = ["-m", "test", f"--junit-xml={report}", *self.options, self.module]
        if profiled:
            command = runs.command_of(words, self.python)
        else:
            command = [self.python, *words]
        # In a group of its own: test_signal and test_subprocess signal theirs.
        with open(self.folder / "said", "wb") as said:
            ended = runs.run(command, self.folder, stdout=said, stderr=said,
                             start_new_session=True)
        text = (self.folder / "said").read_text(errors="replace")
        assert report.exists(), (ended.returncode, text[-4000:])
        return ended.returncode, read_outcomes(report), text


def differences(bare, seen):
    return {name for name in bare.keys() | seen.keys() if bare.get(name) != seen.get(name)}


@pytest.mark.parametrize("version,module", CASES if runs.FULL else FAST)
def test_every_test_ends_as_without_us(version, module, tmp_path):
    suite = Suite(version, module, tmp_path)
    different = None
    for _ in range(TRIES):
        bare_status, bare, _ = suite.run(profiled=False)
        status, seen, text = suite.run(profiled=True)
        now = differences(bare, seen)
        different = now if different is None else different & now
        if not different:
            break
    shown = {name: (bare.get(name), seen.get(name)) for name in sorted(different)}
    assert not shown, text[-6000:]
    assert len(seen) >= 10
    if not now:
        assert status == bare_status
    assert status not in (-signal.SIGKILL, 125, 126, 127)
    # The last folder is of this run; a module with children of its own leaves no others.
    folders = sorted((tmp_path / "fil-result").iterdir())
    assert len(folders) <= TRIES
    report = runs.Report(folders[-1])
    assert report.verdict == f"exited with status {status}"
    assert os.listdir(folders[-1])
