# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Memory of parts of a Python program: functions, blocks, notebook cells, tests.

The work is done by fil-profile, which starts the program: `fil-profile python script.py`, or in
Jupyter the kernel "Python 3 with Fil". Importing this package works everywhere; calling it in a
process that was started otherwise raises RuntimeError.
"""

from typing import Any

from filprofiler.api import (
    Run,
    Site,
    Stack,
    current_bytes,
    peak_bytes,
    profile,
    profile_block,
    reset_peak,
    start_tracing,
    stop_tracing,
)

__all__ = ["Run", "Site", "Stack", "current_bytes", "load_ipython_extension", "peak_bytes",
           "profile", "profile_block", "reset_peak", "start_tracing", "stop_tracing"]


def load_ipython_extension(shell: Any) -> None:
    """%load_ext filprofiler."""
    from filprofiler import _ipython

    _ipython.load(shell)
