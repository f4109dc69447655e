# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# Descriptor 4 is the test's stdout, for the workload may not have one.
run() { "$FIL" run --python="$PYTHON" "$WORKLOADS/tells_open_descriptors.py"; }
run 4>&1 >/dev/null <&- 2>/dev/null
echo $?
run 4>&1 >/dev/null 2>&-
echo $?
run 4>&1 >&- <&- 2>&-
echo $?
ls fil-result/*/index.html | wc -l
