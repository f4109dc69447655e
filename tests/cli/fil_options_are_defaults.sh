# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
FIL_OPTIONS="--quiet -o 'my results'" "$FIL" run "$PYTHON" -c 'print("ran")'
ls
FIL_OPTIONS="--quiet -o not-here" "$FIL" run -o here "$PYTHON" -c 'print("ran")'
ls
