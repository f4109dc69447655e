# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"$FIL" run --limit=lots job.py
"$FIL" run --limit=0 job.py
"$FIL" run --limit=150% job.py
"$FIL" run --limit=2G --limit-of=ram job.py
"$FIL" run --limit=2G --on-limit=enomen job.py
"$FIL" run --fail-at=none job.py
"$FIL" run --limit=300 true
"$FIL" run --on-limit=stop true
