# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# Runs a command in a cgroup of its own with a limit on its memory:
#     bash in_memory_cgroup.sh BYTES COMMAND...
# Status 77 if there is no such thing to be had here.
limit=$1
shift
name=fil-test-$$
if [ -w /sys/fs/cgroup/memory/cgroup.procs ]; then
	group=/sys/fs/cgroup/memory/$name
	mkdir "$group" && echo "$limit" >"$group/memory.limit_in_bytes"
	# With swap, where that is counted, the limit would be no end.
	[ ! -w "$group/memory.memsw.limit_in_bytes" ] ||
		echo "$limit" >"$group/memory.memsw.limit_in_bytes"
elif grep -qw memory /sys/fs/cgroup/cgroup.subtree_control 2>/dev/null; then
	group=/sys/fs/cgroup/$name
	mkdir "$group" && echo "$limit" >"$group/memory.max"
	[ ! -w "$group/memory.swap.max" ] || echo 0 >"$group/memory.swap.max"
fi 2>/dev/null
[ -e "${group-}/cgroup.procs" ] || { echo "no memory cgroup can be made here"; exit 77; }
trap 'rmdir "$group"' EXIT
(echo $BASHPID >"$group/cgroup.procs" && exec "$@")
