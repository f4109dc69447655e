# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
for status in 0 1 3 53 125 126 127 255; do
	"$FIL" run --quiet --python="$PYTHON" "$WORKLOADS/exits_with.py" $status
	echo $?
done
"$FIL" run --quiet --python="$PYTHON" "$WORKLOADS/leaves_by_os_exit.py"
echo $?
"$FIL" run --quiet sh -c 'exit 4'
echo $?
