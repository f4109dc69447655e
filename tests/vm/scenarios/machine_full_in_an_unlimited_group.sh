# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# The kernel counts in the group of the process whatever was full: certain, and no limit is named.
group job
profile job /workloads/fills_memory.py 4000
is_killed
verdict_is "killed by the kernel for lack of memory (SIGKILL; its cgroup counted 1 out-of-memory\
 kill)"
oom_report_names fills_memory.py guilty 150
counted job oom_kill 1
