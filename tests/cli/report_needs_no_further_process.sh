# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# What a program leaves behind may use up the processes of a user ("ulimit -u"): here the program
# takes them away from its parent. Root has no such limit.
# (The sanitizer's search for leaks would need one more process at the end.)
export ASAN_OPTIONS=detect_leaks=0
[ "$(id -u)" = 0 ] || { echo "needs root, to be somebody else"; exit 77; }
folder=$(mktemp -d /tmp/fil-cli.XXXXXX)
trap 'rm -rf "$folder"' EXIT
chown 65534 "$folder"
cp "$FIL" "$folder/fil-profile"
cd "$folder" || exit
# shellcheck disable=SC2016 # that shell's parent
setpriv --reuid=65534 --clear-groups ./fil-profile run --no-browser \
	sh -c 'prlimit --nproc=0:0 --pid "$PPID"; prlimit --nproc --noheadings --pid "$PPID"' 2>err
echo "$?"
grep -o 'the report is in\|no report' err
ls fil-result/*
