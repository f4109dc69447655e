# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Programs of the distribution that are profiled, and what they work on. Their names are also those
of their packages."""

import shutil

import pytest
from runs import environment

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


def write_inputs(folder):
    """Into the folder that they are run in."""
    (folder / "lines").write_text(LINES)
    (folder / "sql").write_text(SQL)


def surroundings():
    """Of which runs are alike."""
    return environment(PERL_HASH_SEED="0")


def require(*programs):
    """Skip in words if one is not here."""
    for program in programs:
        if not shutil.which(program):
            pytest.skip(f"{program} is not here; install it with: apt-get install {program}")
