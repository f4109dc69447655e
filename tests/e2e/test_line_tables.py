# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Our decoders of line tables against the interpreters that write the tables."""

import os
import pathlib
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
CHECKER = pathlib.Path(os.environ["FIL_BUILD"]) / "unit/core/stack/line_table"


def pythons():
    listed = subprocess.run([HERE.parent / "pythons.sh", "list"], capture_output=True, text=True,
                            check=False)
    return [line.split("\t")[:2] for line in listed.stdout.splitlines()]


@pytest.mark.parametrize("version,python", pythons())
def test_lines_are_those_of_tracebacks(version, python, tmp_path):
    tables = tmp_path / f"tables-{version}"
    subprocess.run([python, HERE / "line_tables.py", tables], check=True)
    checked = subprocess.run([CHECKER, tables], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout
    assert checked.stdout.endswith(" 0 failed\n")
