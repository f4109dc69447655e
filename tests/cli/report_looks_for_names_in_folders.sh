# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
#
# --symbols takes folders, several with ":" and repeated; one that is none is said and left out.
"$FIL" run --quiet --python="$PYTHON" -c 'held = bytearray(1 << 20)' || exit
mkdir one two
touch file
"$FIL" report fil-result/* --symbols=one:two:nowhere --symbols file --symbols=one |
	sed -n 's/^peak .*/peak/p'
"$FIL" report fil-result/* --symbols
echo "status $?"
"$FIL" run --symbols=one true
