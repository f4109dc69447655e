# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# memory.oom.group=1, as Kubernetes sets it: the job, fil-profile and its witness die together. All
# that is left is the folder of the run, which is empty, the status, and what the kernel counted.
group container memory.max=100M memory.swap.max=0 memory.oom.group=1
profile container /workloads/fills_memory.py 1000
is_killed
[ -z "$(ls fil-result/*/)" ] || fail "there is more than the folder: $(ls fil-result/*/)"
nobody_is_left_in container
counted container oom_group_kill 1
