# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# More memory than the limit, and no lack of it.
swap_on
group job memory.max=60M memory.swap.max=max
profile job /workloads/fills_memory.py 90
status_is 0
verdict_is "exited with status 0"
counted job oom_kill 0
