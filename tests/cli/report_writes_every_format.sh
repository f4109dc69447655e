# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"$FIL" run --quiet --python="$PYTHON" "$WORKLOADS/holds_100_mb_at_peak.py" >/dev/null
capture=$(echo fil-result/*/capture.fil)
for format in html svg text folded pprof speedscope; do
	"$FIL" report --format=$format "$capture" >by-stdout
	"$FIL" report "$capture" -o by-file --format=$format
	cmp by-stdout by-file && stat -c "$format %A" by-file
done
"$FIL" report --format=svg "$capture" | cmp - fil-result/*/peak-memory.svg
"$FIL" report --format=svg --reversed "$capture" | cmp - fil-result/*/peak-memory-reversed.svg
"$FIL" report "$capture" | cmp - fil-result/*/peak-memory.txt
"$FIL" report - <"$capture" | cmp - fil-result/*/peak-memory.txt
"$FIL" report fil-result/* | cmp - fil-result/*/peak-memory.txt
"$FIL" report --format=html "$capture" | cmp - fil-result/*/index.html
