# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# The swap that its group may use comes on top of the limit.
swap_on
group job memory.max=60M memory.swap.max=40M
profile job /workloads/fills_memory.py 1000
is_killed
verdict_is "killed by the kernel for lack of memory (SIGKILL; its cgroup, limited to 60.0 MiB,\
 counted 1 out-of-memory kill)"
oom_report_names fills_memory.py guilty 75
