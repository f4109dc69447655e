# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# memory.oom.group=1, as Kubernetes sets it: the job, fil-profile and its witness die together, and
# nothing keeps the segment. What is left is the status, what the kernel counted, and the picture
# that was taken in advance.
group container memory.max=100M memory.swap.max=0 memory.oom.group=1
profile container /workloads/fills_memory.py 1000
is_killed
nobody_is_left_in container
counted container oom_group_kill 1
ls fil-result/*/
(as_user fil-profile report fil-result/*) >report.txt || fail "no report of the picture"
grep -q "picture was taken in advance" report.txt || fail "the report is not that of a picture"
text_names report.txt fills_memory.py guilty 30
