# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# The limit is above what the container sees; its own counter is not.
group pod memory.max=100M memory.swap.max=0
groups_within pod
group pod/container
profile_in_container pod/container /workloads/fills_memory.py 1000
is_killed
verdict_is "killed by the kernel for lack of memory (SIGKILL; its cgroup counted 1 out-of-memory\
 kill)"
oom_report_names fills_memory.py guilty 70
