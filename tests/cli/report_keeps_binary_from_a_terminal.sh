# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"$FIL" run --quiet --python="$PYTHON" "$WORKLOADS/exits_with.py" 0
terminal="$FIL_ROOT/tests/cli/helpers/in_a_terminal.py"
"$PYTHON" "$terminal" "$FIL" report --format=pprof fil-result/*
"$PYTHON" "$terminal" --colours "$FIL" report fil-result/*
NO_COLOR=1 "$PYTHON" "$terminal" --colours "$FIL" report fil-result/*
"$FIL" report fil-result/* | grep $'\e\[' || echo plain
