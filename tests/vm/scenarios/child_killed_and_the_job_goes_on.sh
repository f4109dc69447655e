# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# The kernel takes the largest process, which is a child of the job's: that is not the job's end.
group job memory.max=100M memory.swap.max=0
profile job /workloads/loses_a_child.py 1000
status_is 0
[ "$(cat out)" = 9 ] || fail "the child was not killed"
verdict_is "exited with status 0"
counted job oom_kill 1
