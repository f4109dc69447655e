# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
umask 077
"$FIL" run --quiet --python="$PYTHON" "$WORKLOADS/exits_with.py" 0
umask 000
"$FIL" run --quiet -o open --python="$PYTHON" "$WORKLOADS/exits_with.py" 0
for folder in fil-result open; do
	(cd "$folder" && find . -printf '%M %P\n') |
		sed 's/20..-..-..T..-..-.._.../TIME/' | sort -k 2
done
