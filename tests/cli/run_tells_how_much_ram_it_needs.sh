# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"$FIL" run --fit --budget=10M --python="$PYTHON" "$WORKLOADS/holds_100_mb_at_peak.py"
