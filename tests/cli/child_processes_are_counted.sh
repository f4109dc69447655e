# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"$FIL" run --python="$PYTHON" "$WORKLOADS/forks_children.py" 2>err
grep 'child processes' err
