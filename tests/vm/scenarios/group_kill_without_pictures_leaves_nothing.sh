# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# The same with --disable-oom-detection: all that is left is the folder of the run, which is empty.
group container memory.max=100M memory.swap.max=0 memory.oom.group=1
profile container --disable-oom-detection /workloads/fills_memory.py 1000
is_killed
nobody_is_left_in container
counted container oom_group_kill 1
[ -z "$(ls fil-result/*/)" ] || fail "there is more than the folder: $(ls fil-result/*/)"
