# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"$FIL" run --quiet --python="$PYTHON" "$WORKLOADS/holds_100_mb_at_peak.py" >/dev/null
for name in x.svg x.html x.txt x.prof other; do
	"$FIL" report -o $name fil-result/*
done
head -c 5 x.svg x.html
cmp x.txt fil-result/*/peak-memory.txt
cmp other x.txt
"$FIL" report --format=folded fil-result/* | cmp x.prof -
