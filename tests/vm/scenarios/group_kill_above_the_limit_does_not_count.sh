# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# memory.oom.group=1 of a group above the one whose limit was reached: one process dies.
group pod memory.max=300M memory.swap.max=0 memory.oom.group=1
groups_within pod
group pod/container memory.max=100M
profile pod/container /workloads/fills_memory.py 1000
is_killed
verdict_is "killed by the kernel for lack of memory (SIGKILL; its cgroup, limited to 100.0 MiB,\
 counted 1 out-of-memory kill)"
oom_report_names fills_memory.py guilty 70
counted pod/container oom_kill 1
