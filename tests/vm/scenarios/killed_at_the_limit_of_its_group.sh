# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# The kernel takes one process, the largest: not fil-profile.
group job memory.max=100M memory.swap.max=0 memory.oom.group=0
profile job /workloads/fills_memory.py 1000
is_killed
verdict_is "killed by the kernel for lack of memory (SIGKILL; its cgroup, limited to 100.0 MiB,\
 counted 1 out-of-memory kill)"
oom_report_names fills_memory.py guilty 70
counted job oom_kill 1
