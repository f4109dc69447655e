# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Holds 20 MiB and sends itself a signal: SIGKILL, or the one that is named."""

import os
import signal
import sys

held = bytes(20 * 1024 * 1024)
number = getattr(signal, sys.argv[1] if len(sys.argv) > 1 else "SIGKILL")
if number not in (signal.SIGKILL, signal.SIGSTOP):
    signal.signal(number, signal.SIG_DFL)
os.kill(os.getpid(), number)
signal.pause()
