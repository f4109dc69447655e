# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# The program looks at its own segment.
mkdir volume
"$FIL" run --quiet --no-browser --python="$PYTHON" --segment=volume/run.segment -c '
import os
print(oct(os.stat("volume/run.segment").st_mode), os.listdir("volume"))
print("FIL_SEGMENT" in os.environ)
'
echo $?
ls volume
ls fil-result/*
