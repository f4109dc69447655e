# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# --segment=FILE keeps the segment where it outlives the whole group: the report is made afterwards.
fil-profile help run | grep -q -e --segment || skip "this fil-profile has no --segment"
group container memory.max=100M memory.swap.max=0 memory.oom.group=1
profile container --segment=segment /workloads/fills_memory.py 1000
is_killed
nobody_is_left_in container
counted container oom_group_kill 1
(as_user fil-profile report --of=end segment) >report.txt || fail "no report of the segment"
text_names report.txt fills_memory.py guilty 70
