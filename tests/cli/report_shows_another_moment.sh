# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"$FIL" run --quiet --python="$PYTHON" "$WORKLOADS/holds_20_and_10_mb_at_the_end.py"
for moment in peak end total; do
	echo "$moment, in MiB:"
	"$FIL" report --of=$moment --format=folded fil-result/* |
		sed -n 's/.*(\(fill\)) /\1 /p' |
		awk '$2 > 1024 * 1024 { print $1, int($2 / 1024 / 1024) }'
done
