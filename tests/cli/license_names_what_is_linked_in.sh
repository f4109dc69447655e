# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
#
# --license lists every library of build/deps, and has the text of every licence.
"$FIL" --license >text
head -n 4 text
for library in "$FIL_ROOT"/build/deps/*/lib/*.a; do
	library=${library%/lib/*}
	grep -q "^  .*${library##*/} " text && echo "${library##*/} is listed"
done | sort -u
grep -c -e 'GNU LESSER GENERAL PUBLIC LICENSE' -e 'GNU GENERAL PUBLIC LICENSE' text
grep -e '^----' text
tail -n 2 text
"$FIL" --license >/dev/full
