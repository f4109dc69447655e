# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
: >file
"$FIL" run -o file -c 'print("must not run")'
echo $?
"$FIL" run -o file/below -c 'print("must not run")'
echo $?
