# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""The program fil-profile, which this package is a part of."""

import os
import shutil
import sysconfig
from collections.abc import Iterator
from typing import Optional

from filprofiler import _hook

NAME = "fil-profile"


def _candidates() -> Iterator[Optional[str]]:
    try:
        pid = _hook.supervisor()
        yield f"/proc/{pid}/exe" if pid else None
    except RuntimeError:
        pass
    # Where pip puts it, beside this package.
    yield os.path.join(sysconfig.get_path("scripts"), NAME)
    yield os.path.join(sysconfig.get_path("scripts", f"{os.name}_user"), NAME)
    yield shutil.which(NAME)


def find() -> str:
    """Its path: of the one that runs this process, else of the one that is installed."""
    for path in _candidates():
        if path and os.access(path, os.X_OK):
            return path
    raise FileNotFoundError(f"there is no {NAME} beside {sysconfig.get_path('scripts')} or on PATH")
