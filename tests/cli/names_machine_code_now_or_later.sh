# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
#
# Machine code has functions, lines and inlined functions; stripped, it gets them from the capture,
# without the program, by the build id of its debug file.
command -v objcopy >/dev/null || { echo "no objcopy here"; exit 77; }
name=holds_below_inlined_calls
largest() {
	"$FIL" report --format=folded "$@" |
		sed "s,[^;]*/tests/workloads/,,g; s,+0x[0-9a-f]*,+0x?,g" |
		awk '$NF > 3000000'
}
echo "as compiled:"
"$FIL" run --quiet --no-browser -o compiled "$WORKLOADS_BUILD/$name"
largest compiled/*
mkdir one debug
cp "$WORKLOADS_BUILD/$name" .
objcopy --only-keep-debug $name debug/any-name
strip $name
"$FIL" run --quiet --no-browser -o stripped ./$name
rm $name
echo "stripped, the program gone:"
largest stripped/*
echo "with its debug file:"
largest stripped/* --symbols=one:debug
"$FIL" report stripped/* --symbols=debug --format=text | sed -n 's/^ *File ".*", line/line/p'
