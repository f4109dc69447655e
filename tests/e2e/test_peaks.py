# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""The peak of programs from the distribution, against valgrind's, which runs them on a machine of
its own making and counts what they ask malloc for; memory that they map themselves it does not."""

import re
import shutil
import subprocess

import pytest
from runs import environment, profile

# Of bytes: what differs between two runs (the environment, a folder's name) is less.
TOLERANCE = 0.001

LINES = "".join(f"{number * 7919 % 100_003}\n" for number in range(100_000))
SQL = ("create table t(a int, b text); begin;"
       + "".join(f"insert into t values({number}, '{number * 7919 % 10_007}');"
                 for number in range(10_000))
       + "commit; create index i on t(b); select a % 7, count(*), max(b) from t group by 1;")
PERL = 'my %h; $h{$_} = "x" x ($_ % 100) for 1..30000; delete $h{$_} for 1..20000;'

PROGRAMS = {
    "xz": ["xz", "-k", "-f", "-1", "lines"],
    "sort": ["sort", "--parallel=1", "-S", "8M", "lines"],
    "perl": ["perl", "-e", PERL],
    "sqlite3": ["sqlite3", ":memory:", ".read sql"],
    "awk": ["awk", "{ seen[$1] = $0 } END { for (one in seen) n++; print n }", "lines"],
}


@pytest.fixture(name="folder")
def folder_of_inputs(tmp_path):
    (tmp_path / "lines").write_text(LINES)
    (tmp_path / "sql").write_text(SQL)
    return tmp_path


def valgrind_peak(command, cwd):
    """DHAT's highest, in bytes, of the process itself."""
    if not shutil.which("valgrind"):
        pytest.skip("valgrind is not here; install it with: apt-get install valgrind")
    ended = subprocess.run(["valgrind", "--tool=dhat", "--dhat-out-file=/dev/null", *command],
                           cwd=cwd, env=environment(PERL_HASH_SEED="0"), text=True,
                           stdin=subprocess.DEVNULL, capture_output=True, check=True)
    return int(re.search(r"At t-gmax: ([\d,]+) bytes", ended.stderr)[1].replace(",", ""))


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_peak_is_valgrind_s(name, folder):
    command = PROGRAMS[name]
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not here; install it with: apt-get install {command[0]}")
    run = profile(command, folder, None, env=environment(PERL_HASH_SEED="0"))
    assert run.status == 0, run.err
    assert run.report().peak == pytest.approx(valgrind_peak(command, folder), rel=TOLERANCE)
