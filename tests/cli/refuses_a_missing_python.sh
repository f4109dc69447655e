# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"$FIL" run --python=/no/such/python -c 1
echo $?
"$FIL" run --python=no-such-python -m json.tool
echo $?
VIRTUAL_ENV=/no/such "$FIL" run -c 1
echo $?
PATH=/no/such "$FIL" run -c 1
echo $?
