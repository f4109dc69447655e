# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Runs a command and prints how it ended as its parent sees it: a status, or a signal."""

import signal
import subprocess
import sys

status = subprocess.run(sys.argv[1:]).returncode
print(f"status {status}" if status >= 0 else signal.Signals(-status).name)
