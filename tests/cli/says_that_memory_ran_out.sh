# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"$FIL" run --python="$PYTHON" "$WORKLOADS/raises_memory_error.py"
