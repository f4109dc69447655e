# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Forks twice, as daemons do: the grandchild outlives us and ends when its pipe does."""

import os
import sys

held = bytes(10 * 1024 * 1024)
read_end, write_end = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.close(write_end)
        for descriptor in (0, 1, 2):
            os.close(descriptor)
        # Whoever started us holds the other end of descriptor 3, if there is one.
        try:
            os.read(3, 1)
        finally:
            os._exit(0)
    os._exit(0)
os.wait()
print("left", flush=True)
sys.exit(0)
