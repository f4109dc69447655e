# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# The whole group is killed, as a container is; then a second run of the same kind begins.
{
	setsid --wait "$FIL" run --quiet --no-argv --python="$PYTHON" --segment=run.segment -c '
import os, signal
held = bytes(20 * 1024 * 1024)
os.killpg(0, signal.SIGKILL)
'
	echo "run: $?"
} 2>shell
# It may take the kernel a moment.
while "$FIL" report run.segment | grep -q "still running"; do :; done
"$FIL" report --format=folded run.segment | grep -o '<string>:3 (<module>) 2097[0-9]*'
"$FIL" report --no-source run.segment | grep -o -e 'fil-profile was killed, too' -e '^command'
grep -c killpg run.segment
for format in text folded svg html pprof speedscope; do
	"$FIL" report --format=$format --of=total -o "report.$format" run.segment
	echo "$format $? $(test -s "report.$format" && echo written)"
done
"$FIL" run --no-browser --segment=run.segment true 2>&1 | grep -e segment
"$FIL" report -o run.segment.previous run.segment.previous
ls run.segment*
printf '\x09' | dd of=run.segment.previous bs=1 seek=8 conv=notrunc status=none
"$FIL" report run.segment.previous
