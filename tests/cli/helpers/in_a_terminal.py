# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Runs a command on a terminal of its own: prints what it shows and its status.

With --colours first, prints only whether it uses colours.
"""

import os
import pty
import sys

command = sys.argv[1:]
only_colours = command[0] == "--colours"
if only_colours:
    command = command[1:]
pid, terminal = pty.fork()
if pid == 0:
    os.environ["TERM"] = "xterm"
    os.execv(command[0], command)
shown = b""
while True:
    try:
        data = os.read(terminal, 65536)
    except OSError:
        break
    if not data:
        break
    shown += data
if only_colours:
    print("colours" if b"\x1b[" in shown else "plain")
else:
    print(shown.decode().replace("\r\n", "\n"), end="")
print(os.WEXITSTATUS(os.waitpid(pid, 0)[1]))
