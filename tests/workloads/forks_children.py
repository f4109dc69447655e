# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Forks three children; the last holds 40 MiB. The parent holds 10 MiB."""

import os

MIB = 1024 * 1024
held = bytes(10 * MIB)

for size in (1, 2, 40):
    pid = os.fork()
    if pid == 0:
        block = b"x" * (size * MIB)
        os._exit(0 if len(block) == size * MIB else 1)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
