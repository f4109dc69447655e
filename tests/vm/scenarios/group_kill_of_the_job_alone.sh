# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# The job goes into a group of its own, as by systemd-run --scope, and all of that group dies:
# fil-profile outside has followed it there and has the report.
group job memory.max=100M memory.swap.max=0 memory.oom.group=1
chmod a+w $CGROUPS/cgroup.procs $CGROUPS/job/cgroup.procs
profile . /workloads/moves_into_a_cgroup.py $CGROUPS/job /workloads/fills_memory.py 1000
is_killed
verdict_is "killed by the kernel for lack of memory (SIGKILL; its cgroup, limited to 100.0 MiB,\
 counted * out-of-memory kill*)"
oom_report_names fills_memory.py guilty 70
counted job oom_group_kill 1
