# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# The machine's RAM and its swap are used up.
swap_on
profile . /workloads/fills_memory.py 4000
is_killed
verdict_is "killed by SIGKILL, likely by the kernel for lack of memory (the machine, with * MiB of\
 RAM, counted 1 out-of-memory kill)"
oom_report_names fills_memory.py guilty 220
