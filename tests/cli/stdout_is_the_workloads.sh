# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"$FIL" run --python="$PYTHON" "$WORKLOADS/example_job.py" >with 2>err
"$PYTHON" "$WORKLOADS/example_job.py" >without
cmp with without && wc -l <with
grep -v '^=fil-profile= ' err || echo 'and nothing else'
