# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# A SIGKILL far from any limit is not the kernel's.
group job memory.max=200M memory.swap.max=0
profile job /workloads/kills_itself.py
is_killed
verdict_is "killed by somebody's signal 9 (SIGKILL)*"
