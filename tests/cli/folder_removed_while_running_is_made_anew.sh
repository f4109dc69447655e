# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"$FIL" run --quiet --python="$PYTHON" -c 'import shutil; shutil.rmtree("fil-result")'
echo $?
ls fil-result/* | wc -l
