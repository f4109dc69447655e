# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Source files that are on no disk, such as the cells of a notebook, for reports."""

import linecache
import os
from typing import Callable

from filprofiler import _hook


def _same(name: str) -> str:
    return name


# What reports call a file: in IPython "In [2]", for a cell.
shown_name: Callable[[str], str] = _same

# What was handed over already: name and hash of the text, by name.
_known: dict[str, tuple[str, int]] = {}


def hand_over() -> None:
    """Give to fil-profile what linecache was told and cannot be read from a file."""
    for name, entry in list(linecache.cache.items()):
        # Four members: size, time of the file (None: it is none), lines, full name.
        if len(entry) != 4 or entry[1] is not None:
            continue
        text = "".join(entry[2])
        state = shown_name(name), hash(text)
        if _known.get(name) == state or os.path.exists(name):
            continue
        _known[name] = state
        _hook.add_source(os.fsencode(name), os.fsencode(state[0]), text.encode("utf-8", "replace"))
