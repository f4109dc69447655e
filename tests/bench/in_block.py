# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""in_block.py inside|after FOLDER SCRIPT ARG...: run a script inside a block of the package
filprofiler, whose report goes into the folder; or after one that has ended.
"""

import runpy
import sys

import filprofiler

way, folder = sys.argv[1:3]
del sys.argv[0:3]
if way == "after":
    with filprofiler.profile_block():
        bytearray(1_000_000)
    runpy.run_path(sys.argv[0], run_name="__main__")
else:
    with filprofiler.profile_block(folder):
        runpy.run_path(sys.argv[0], run_name="__main__")
