# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# Descriptors: enough for a report, or the workload does not start.
run() { "$FIL" run --quiet --python="$PYTHON" "$WORKLOADS/exits_with.py" 3; }
(ulimit -n 32 && run)
echo $?
(ulimit -n 8 && run 2>/dev/null)
echo $?
(ulimit -c unlimited && run)
echo $?
ls fil-result/*/index.html | wc -l
