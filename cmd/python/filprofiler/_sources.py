# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Source files that are on no disk, such as the cells of a notebook, for reports."""

import linecache
import os

from filprofiler import _hook

# What was handed over already, by name.
_known: dict[str, int] = {}


def hand_over() -> None:
    """Give to fil-profile what linecache was told and cannot be read from a file."""
    for name, entry in list(linecache.cache.items()):
        # Four members: size, time of the file (None: it is none), lines, full name.
        if len(entry) != 4 or entry[1] is not None:
            continue
        text = "".join(entry[2])
        if _known.get(name) == hash(text) or os.path.exists(name):
            continue
        _known[name] = hash(text)
        _hook.add_source(os.fsencode(name), text.encode("utf-8", "replace"))
