# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# Its own group has no limit, the one above has, and the one above that a larger one. The kernel
# counts the kill in the group of the process, so that it is as certain as with a limit of its own.
group slice memory.max=300M memory.swap.max=0
groups_within slice
group slice/pod memory.max=100M
groups_within slice/pod
group slice/pod/job
profile slice/pod/job /workloads/fills_memory.py 1000
is_killed
verdict_is "killed by the kernel for lack of memory (SIGKILL; its cgroup, limited to 100.0 MiB,\
 counted 1 out-of-memory kill)"
oom_report_names fills_memory.py guilty 70
counted slice/pod/job oom_kill 1
counted slice/pod oom_kill 0
