# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"$PYTHON" "$FIL_ROOT/tests/cli/helpers/without_reader_of_stderr.py" \
	"$FIL" run --python="$PYTHON" "$WORKLOADS/exits_with.py" 3
ls fil-result/* | wc -l
