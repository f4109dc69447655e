# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"$FIL" run --oom-status=lots job.py
"$FIL" report --format=htlm x.fil
"$FIL" run --quiet=no job.py
"$FIL" run -o
"$FIL" run --budget=lots job.py
"$FIL" report --budget 0 x.fil
