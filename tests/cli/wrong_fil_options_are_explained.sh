# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
FIL_OPTIONS="--quiet --oom-status='x y'" "$FIL" run job.py
FIL_OPTIONS="--quiet 'oops" "$FIL" run job.py
FIL_OPTIONS="-c 1" "$FIL" run job.py
