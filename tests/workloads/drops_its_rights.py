# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Becomes nobody, and has reports of its parts written into folders, without looking at them first.

    drops_its_rights.py FOLDER...       prints for each whether the report is there
    drops_its_rights.py --die FOLDER    is killed inside
"""

import os
import signal
import sys

from filprofiler import _hook, api

NOBODY = 65534


def become_nobody():
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def has_report(folder):
    _hook.request_report(os.fsencode(folder))
    try:
        while not _hook.await_report():
            pass
    except OSError:
        return False
    return True


if sys.argv[1] == "--die":
    _hook.open_scope(os.fsencode(sys.argv[2]), 0, False, 0, False, 0)
    become_nobody()
    held = bytearray(5_000_000)
    os.kill(os.getpid(), signal.SIGKILL)
become_nobody()
with api.profile_block():
    bytearray(5_000_000)
for name in sys.argv[1:]:
    print(has_report(name))
