# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
echo 'held = bytes(10_000_000)  # a-secret-comment' >job.py
"$FIL" run --quiet --no-argv --no-source --python="$PYTHON" job.py --password=hunter2
grep -rc 'hunter2\|a-secret-comment' fil-result | grep -v ':0$'
"$FIL" report --format=text fil-result/* | grep -c 'hunter2\|a-secret-comment'
"$FIL" run --quiet -o open --python="$PYTHON" job.py --password=hunter2
"$FIL" report --format=text open/* | grep -c 'hunter2\|a-secret-comment'
