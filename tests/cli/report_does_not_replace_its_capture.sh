# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"$FIL" run --quiet --no-browser -o out /bin/true
cd out/* || exit
cp capture.fil copy
"$FIL" report . -o capture.fil
echo "$?"
ln -s capture.fil link
"$FIL" report capture.fil -o link --format=svg
echo "$?"
cmp capture.fil copy && echo kept
"$FIL" report - -o capture.fil <copy && cmp -s capture.fil copy || echo "replaced from a copy"
