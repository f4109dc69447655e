# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
run() { "$FIL" run --quiet --oom-status=53 --python="$PYTHON" "$@"; }
run "$WORKLOADS/raises_memory_error.py" 2>/dev/null
echo $?
run "$WORKLOADS/handles_memory_error.py"
echo $?
run "$WORKLOADS/exits_with.py" 2
echo $?
