# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
name=$'my\e[31m\njob.py'
echo 'held = bytes(1000)' >"$name"
"$FIL" run --python="$PYTHON" "$name" 2>err
grep -vc '^=fil-profile= ' err
grep -c $'\e' err
wc -l <err
"$FIL" run $'no\e[31m\nsuch'
