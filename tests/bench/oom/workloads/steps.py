# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""The steps in which a workload grows, counted in a file, where SIGKILL does not reach them.

FIL_OOM_STEPS names that file, which has one 64-bit counter for each thread or process that grows;
FIL_OOM_STOP is the step after which a workload that nothing has killed ends by itself.
"""

import os

MIB = 1024 * 1024
STOP = int(os.environ["FIL_OOM_STOP"])
counters = os.open(os.environ["FIL_OOM_STEPS"], os.O_WRONLY)


def steps(last=STOP, counter=0):
    """For a loop whose body takes 1 MiB: each step is counted when the body has done it."""
    for step in range(1, last + 1):
        yield step
        os.pwrite(counters, step.to_bytes(8, "little"), 8 * counter)
