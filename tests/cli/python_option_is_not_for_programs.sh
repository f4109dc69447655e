# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"$FIL" run --python="$PYTHON" sh -c 'exit 3' 2>err
echo $?
head -n 1 err
