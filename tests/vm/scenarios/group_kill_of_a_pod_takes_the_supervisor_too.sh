# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# The limit and memory.oom.group=1 are those of the group above: every group within it dies.
group pod memory.max=100M memory.swap.max=0 memory.oom.group=1
groups_within pod
group pod/container
profile pod/container /workloads/fills_memory.py 1000
is_killed
nobody_is_left_in pod
counted pod oom_group_kill 1
