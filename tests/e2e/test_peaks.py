# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""The peak of programs from the distribution, against valgrind's, which runs them on a machine of
its own making and counts what they ask malloc for; memory that they map themselves it does not."""

import re
import subprocess

import pytest
from real_programs import PROGRAMS, require, surroundings, write_inputs
from runs import WORKLOADS, profile

# Of bytes: what differs between two runs (the environment, a folder's name) is less.
TOLERANCE = 0.001


def valgrind_peak(command, cwd):
    """DHAT's highest, in bytes, of the process itself."""
    ended = subprocess.run(["valgrind", "--tool=dhat", "--dhat-out-file=/dev/null", *command],
                           cwd=cwd, env=surroundings(), text=True, stdin=subprocess.DEVNULL,
                           capture_output=True, check=True)
    return int(re.search(r"At t-gmax: ([\d,]+) bytes", ended.stderr)[1].replace(",", ""))


def peak(command, cwd):
    run = profile(command, cwd, None, env=surroundings())
    assert run.status == 0, run.err
    return run.report().peak


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_peak_is_valgrind_s(name, tmp_path):
    command = PROGRAMS[name]
    require("valgrind", command[0])
    write_inputs(tmp_path)
    assert peak(command, tmp_path) == pytest.approx(valgrind_peak(command, tmp_path),
                                                    rel=TOLERANCE)


def test_what_libraries_allocate_before_the_program_counts(tmp_path):
    """That of C++ keeps 71 KiB for exceptions, from its constructor on."""
    require("valgrind", "g++")
    command = [tmp_path / "program"]
    subprocess.run(["g++", "-O1", "-o", *command, WORKLOADS / "grows_a_string.cpp"], check=True)
    assert peak(["--", *command], tmp_path) == valgrind_peak(command, tmp_path)
