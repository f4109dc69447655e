# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# The kernel took a child for lack of memory; the job outlived that by seconds, so that its own
# SIGKILL is another matter, whatever the counter of its group has counted.
group job memory.max=100M memory.swap.max=0
profile job -c 'import os, time
os.fork() or [b"x" * 2**20 for _ in range(1000)]
os.wait()
time.sleep(8)
os.kill(os.getpid(), 9)'
is_killed
verdict_is "killed by somebody's signal 9 (SIGKILL)*"
counted job oom_kill 1
