# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
refused() {
	"$FIL" run --no-browser --segment="$1" true
	echo "$1 $?"
}
echo "a thesis" >thesis.txt
mkdir folder
ln -s nowhere link
refused thesis.txt
refused folder
refused link
refused missing/run.segment
refused thesis.txt/run.segment
cat thesis.txt
ls
