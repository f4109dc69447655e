# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# Descriptor 3 holds the workload's input open, 4 is its output.
mkfifo input output
"$FIL" run --python="$PYTHON" "$WORKLOADS/holds_until_told.py" <input >output 2>err &
exec 3>input 4<output
read -r line <&4 && echo "$line"
kill -USR2 $!
until grep -q 'the peak so far is in' err; do sleep 0.05; done
# By its name: the process that wrote the report has the same command line, and may be there still.
pkill -USR2 -P $! python
until [ "$(grep -c 'the peak so far is in' err)" = 2 ]; do sleep 0.05; done
exec 3>&-
cat <&4
wait $!
echo $?
cat err
for folder in fil-result/*; do
	ls "$folder" | wc -l
	grep -c ' (fill) 31458[0-9]*$' "$folder/peak-memory.prof"
done
