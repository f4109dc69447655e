# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""The pytest plugin: peaks of tests, and limits for them."""

import re

import pytest
import runs
from runs import FIL, PYTHON

TESTS = """
import pytest

kept = []

@pytest.fixture
def large():
    return bytearray(90_000_000)

def hold(size):
    return bytearray(size)  # hold

def test_small():
    hold(1_000_000)

def test_largest(large):
    hold(50_000_000)

def test_fails():
    hold(2_000_000)
    assert not kept

@pytest.mark.limit_peak("20 MB")
def test_exceeds_its_peak():
    block = hold(25_000_000)

@pytest.mark.limit_peak("20 MB")
@pytest.mark.limit_leak("1 MB")
def test_is_within_limits():
    hold(15_000_000)
    # Only a cycle.
    cycle = [hold(4_000_000)]
    cycle.append(cycle)

@pytest.mark.limit_leak("1 MB")
def test_leaks():
    kept.append(hold(5_000_000))

@pytest.mark.parametrize("size", [1, 30_000_000])
@pytest.mark.limit_peak("10M")
def test_of_sizes(size):
    hold(size)

class TestClass:
    def test_method(self):
        hold(7_000_000)
"""


@pytest.fixture
def tests(tmp_path):
    (tmp_path / "test_it.py").write_text(TESTS)
    return tmp_path


def run_pytest(folder, *words, command=(FIL, f"--python={PYTHON}", "python")):
    env = runs.environment(PYTHONPATH=str(runs.ROOT / "cmd/python"))
    ended = runs.run([*command, "-m", "pytest", "-p", "no:cacheprovider", "-p",
                      "filprofiler.pytest_plugin", *words], folder, env=env)
    return ended.returncode, ended.stdout.decode() + ended.stderr.decode()


def test_peaks_are_listed_largest_first(tests):
    status, said = run_pytest(tests, "--fil", "-q", "-k", "small or largest or method or fails")
    assert status == 0, said
    rows = re.findall(r"^ +([\d.]+ \w+)  \( *([\d.]+ \w+)\)  test_it.py::(\S+)$", said, re.M)
    assert [name for _, _, name in rows] == ["test_largest", "TestClass::test_method",
                                             "test_fails", "test_small"]
    # Not what its fixture holds.
    assert rows[0][0] == "47.7 MiB"


def test_exceeded_limits_fail_with_the_stacks(tests):
    status, said = run_pytest(tests, "-q")
    assert status == 1
    failed = re.findall(r"^FAILED test_it.py::(\S+)", said, re.M)
    assert failed == ["test_exceeds_its_peak", "test_leaks", "test_of_sizes[30000000]"]
    mark = TESTS.splitlines().index("    return bytearray(size)  # hold") + 1
    assert re.search(r"23\.8 MiB held at its peak, more than @pytest.mark.limit_peak\('20 MB'\)"
                     rf"\s+23\.8 MiB by\n +\S+test_it.py:{mark} \(hold\)\n"
                     r" +\S+test_it.py:\d+ \(test_exceeds_its_peak\)\n", said)
    assert re.search(r"4\.8 MiB held at its end, more than @pytest.mark.limit_leak\('1 MB'\)"
                     rf"\s+4\.8 MiB by\n +\S+test_it.py:{mark} \(hold\)\n"
                     r" +\S+test_it.py:\d+ \(test_leaks\)\n", said)
    assert "peak memory of tests" not in said
    reports = sorted(path.name for path in (tests / "fil-result").iterdir())
    assert reports == ["test_it.py-test_exceeds_its_peak", "test_it.py-test_leaks",
                       "test_it.py-test_of_sizes[30000000]"]
    for name in reports:
        runs.Report(tests / "fil-result" / name).assert_complete()


OWN_BLOCKS = """
import filprofiler, pytest

def test_measures_itself():
    bytearray(1_000_000)
    with filprofiler.profile_block() as run:
        bytearray(9_000_000)
    assert 9_000_000 <= run.peak_bytes < 9_100_000
    bytearray(30_000_000)

def test_is_measured():
    bytearray(2_000_000)

@pytest.mark.limit_peak("50 MB")
def test_does_both():
    filprofiler.profile(lambda: bytearray(9_000_000), "block")
"""


@pytest.mark.parametrize("command", ["python", "run"])
def test_blocks_of_tests_are_their_own(command, tmp_path):
    """The plugin's makes way; where a limit needs it, that is said. Under run as under python."""
    (tmp_path / "test_it.py").write_text(OWN_BLOCKS)
    words = [FIL, "--quiet", f"--python={PYTHON}", command]
    words += ["--no-browser"] if command == "run" else []
    status, said = run_pytest(tmp_path, "--fil", "-q", command=words)
    assert status == 1
    assert re.findall(r"^FAILED test_it.py::(\S+)", said, re.M) == ["test_does_both"]
    assert "limit_peak('50 MB') cannot be checked: the test begins a block of its own" in said
    rows = re.findall(r"^ +([\d.]+ \w+)  \( *([\d.]+ \w+)\)  test_it.py::(\S+)$", said, re.M)
    assert [(peak, name) for peak, _, name in rows] == [("1.9 MiB", "test_is_measured")]
    runs.Report(tmp_path / "block").assert_complete()
    if command == "run":
        (folder,) = (tmp_path / "fil-result").iterdir()
        report = runs.Report(folder)
        report.assert_complete()
        assert report.peak > 30_000_000


def test_outside_limits_are_not_checked_and_that_is_said(tests):
    status, said = run_pytest(tests, "-q", command=(PYTHON,))
    assert status == 0
    assert "5 tests have limits of memory that were not checked" in said
    status, said = run_pytest(tests, "-q", "--fil", command=(PYTHON,))
    assert status == 4
    assert "fil-profile python -m pytest --fil" in said


@pytest.mark.parametrize("marker", ["limit_peak(100)", "limit_peak('much')", "limit_leak()"])
def test_wrong_amounts_are_explained(marker, tmp_path):
    (tmp_path / "test_it.py").write_text(f"import pytest\n@pytest.mark.{marker}\n"
                                         "def test_it(): pass\n")
    status, said = run_pytest(tmp_path, "-q")
    assert status != 0
    assert "takes one amount" in said or "is no amount of memory" in said
