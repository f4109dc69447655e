# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# A limit that is not reached is no out-of-memory.
group job memory.max=200M memory.swap.max=0
profile job /workloads/fills_memory.py 60
status_is 0
verdict_is "exited with status 0"
counted job oom_kill 0
