# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
for status in 0 1 2 3; do
	"$FIL" run --quiet --python="$PYTHON" "$WORKLOADS/exits_with.py" $status &
done
wait
ls fil-result | wc -l
ls fil-result/*/capture.fil | wc -l
