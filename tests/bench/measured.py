# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""measured.py FILE SCRIPT: run a script as the main program and write into FILE what it used.

VmHWM rather than ru_maxrss, which begins with what the process was before its exec.
"""

import atexit
import resource
import runpy
import sys
import time


def write_used(path):
    used = resource.getrusage(resource.RUSAGE_SELF)
    ended = time.monotonic()
    with open("/proc/self/status") as status:
        peak_kib = next(line.split()[1] for line in status if line.startswith("VmHWM:"))
    with open(path, "w") as file:
        print(used.ru_utime + used.ru_stime, ended, peak_kib, file=file)


atexit.register(write_used, sys.argv[1])
del sys.argv[0:2]
runpy.run_path(sys.argv[0], run_name="__main__")
