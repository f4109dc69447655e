# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"$FIL" run --quiet --python="$PYTHON" "$WORKLOADS/raises_memory_error.py"
echo $?
(cd fil-result/* && find . -type f -printf '%M %P\n' | sort -k 2)
# What it held when it asked for too much, not what was left at the end.
grep 'in hold' -A 1 fil-result/*/out-of-memory.txt
grep -c 'raises_memory_error.py:[0-9]* (hold) 20971553$' fil-result/*/out-of-memory.prof
