# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"$FIL" run --quiet --python="$PYTHON" "$WORKLOADS/exits_with.py" 0
"$FIL" report -o no/such/folder/x.svg fil-result/*
echo $?
"$FIL" report fil-result/* >/dev/full
echo $?
"$FIL" report -o /dev/full fil-result/*
echo $?
ls
