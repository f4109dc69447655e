# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# shellcheck shell=dash
#
# The words of the scenarios. Each runs in an empty folder: it prepares the machine, profiles
# something (as $AS: root or user) and says what has to be seen. The first thing that is not ends
# it; the last line of output says which. Status 0: all was seen; 77: it cannot be tested here.

CGROUPS=/sys/fs/cgroup

fail() {
	echo "$*"
	exit 1
}

skip() {
	echo "$*"
	exit 77
}

## Preparing

# group NAME [FILE=VALUE]...: make a memory cgroup, within those that its name says.
group() {
	local folder="$CGROUPS/$1" setting
	shift
	mkdir "$folder" || fail "cannot make the group $folder"
	for setting; do
		echo "${setting#*=}" >"$folder/${setting%%=*}" || fail "cannot set $setting"
	done
}

# groups_within NAME: let that group's limits and counters hold for groups within it.
groups_within() {
	echo +memory >"$CGROUPS/$1/cgroup.subtree_control" || fail "no groups within $1"
}

swap_on() {
	swapon /dev/vda || fail "cannot swap to /dev/vda"
}

## Profiling

# as_user COMMAND...: become that, as $AS. (This shell has a lesser setpriv of its own.)
as_user() {
	case $AS in
	root) exec "$@" ;;
	user) exec /bin/setpriv --reuid=1000 --regid=1000 --clear-groups "$@" ;;
	esac
}

# enter GROUP: move this shell there; "." is the root group.
enter() {
	echo 0 >"$CGROUPS/$1/cgroup.procs" || fail "cannot enter the group $1"
}

# profile GROUP WORDS...: fil-profile run, in that group; what it wrote is in out and err, its
# status in STATUS.
profile() {
	local group="$1"
	shift
	STATUS=0
	(enter "$group" && as_user fil-profile run "$@") >out 2>err || STATUS=$?
}

# The same as a container does it: the group is the root of all that is seen of cgroups, and
# fil-profile is the first process.
profile_in_container() {
	local group="$1"
	shift
	STATUS=0
	# shellcheck disable=SC2016
	(enter "$group" && exec /bin/unshare --cgroup --mount --pid --fork --kill-child sh -c '
		mount -t proc none /proc && umount /sys/fs/cgroup &&
		mount -t cgroup2 none /sys/fs/cgroup &&
		. /guest/lib.sh && as_user fil-profile run "$@"' sh "$@") >out 2>err || STATUS=$?
}

## What has to be seen

status_is() {
	[ "$STATUS" = "$1" ] || fail "status $STATUS, not $1"
}

# By SIGKILL, as a shell says it.
is_killed() {
	status_is 137
}

# verdict_is PATTERN: a pattern of the shell for all of it but the time.
verdict_is() {
	local verdict
	verdict=$(sed -n 's/^=fil-profile= verdict: \(.*\) after .*/\1/p' err)
	# shellcheck disable=SC2254
	case $verdict in
	$1) ;;
	*) fail "the verdict is \"$verdict\", not \"$1\"" ;;
	esac
}

# oom_report_names FILE MARK MIB: the report of an out-of-memory is there and complete, and begins
# with a stack of that workload's line with the comment MARK, which held at least so much.
oom_report_names() {
	local file
	for file in index.html capture.fil out-of-memory.svg out-of-memory.txt; do
		[ -s "$(echo fil-result/*/$file)" ] || fail "there is no fil-result/*/$file"
	done
	file=$(echo fil-result/*/out-of-memory.txt)
	grep -q '^check .* yes ' "$file" || fail "the stacks do not sum to the peak"
	text_names "$file" "$@"
}

# text_names TEXT FILE MARK MIB: the same of a report as text.
text_names() {
	local line first
	line=$(grep -n "# $3\$" "/workloads/$2")
	first=$(sed -n '/^  1\. /,/^$/p' "$1")
	echo "$first" | grep -q "\"/workloads/$2\", line ${line%%:*}, in" ||
		fail "the first stack of $1 is not that of $2's line $line: $first"
	echo "$first" | awk -v least="$4" 'NR == 1 { exit !($3 == "MiB," && $2 >= least) }' ||
		fail "the first stack of $1 holds less than $4 MiB: $first"
}

# nobody_is_left_in GROUP: nor in those within it, once the kernel is done with them.
nobody_is_left_in() {
	until grep -q '^populated 0' "$CGROUPS/$1/cgroup.events"; do sleep 0.01; done
	! grep -q 'verdict' err || fail "somebody lived to tell the verdict"
}

# counted GROUP WHAT NUMBER: the kernel's counter of that group itself, those within it left out.
counted() {
	local number
	number=$(sed -n "s/^$2 //p" "$CGROUPS/$1/memory.events.local")
	[ "$number" = "$3" ] || fail "the kernel counted $number of $2 in $1, not $3"
}
