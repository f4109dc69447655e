# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# While it ran the kernel took a process of another group, which the machine's counter tells; its
# own SIGKILL, seconds later, is another matter.
group node
groups_within node
group node/other memory.max=50M memory.swap.max=0
group node/job memory.max=200M memory.swap.max=0
mkfifo -m 666 started go
profile node/job -c 'import os, time
open("started", "w").close()
open("go").close()
time.sleep(8)
os.kill(os.getpid(), 9)' &
: <started
(enter node/other && exec python3 /workloads/fills_memory.py 1000)
: >go
wait
verdict_is "killed by somebody's signal 9 (SIGKILL)*"
counted node/other oom_kill 1
counted node/job oom_kill 0
