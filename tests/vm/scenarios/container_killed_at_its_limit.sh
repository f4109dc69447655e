# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# fil-profile is the container's first process, and sees its group as the root of all.
group container memory.max=100M memory.swap.max=0
profile_in_container container /workloads/fills_memory.py 1000
is_killed
verdict_is "killed by the kernel for lack of memory (SIGKILL; its cgroup, limited to 100.0 MiB,\
 counted 1 out-of-memory kill)"
oom_report_names fills_memory.py guilty 70
