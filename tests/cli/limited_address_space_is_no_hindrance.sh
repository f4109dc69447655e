# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
case $FIL_BUILD in
*asan)
	echo "the sanitizer itself needs more address space"
	exit 77
	;;
esac
ulimit -v 500000
"$FIL" run --quiet --python="$PYTHON" "$WORKLOADS/exits_with.py" 3
echo $?
ls fil-result/* | wc -l
