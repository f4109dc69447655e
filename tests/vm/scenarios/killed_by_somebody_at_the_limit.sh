# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# As full as can be, with the rest in swap: that alone is no reason to take it for the kernel's.
swap_on
group job memory.max=60M memory.swap.max=max
profile job -c 'import os
held = [b"x" * 2**20 for _ in range(90)]
os.kill(os.getpid(), 9)'
is_killed
verdict_is "killed by somebody's signal 9 (SIGKILL)*"
counted job oom_kill 0
[ "$(cat $CGROUPS/job/memory.peak)" -ge $((59 << 20)) ] || fail "it did not fill its group"
