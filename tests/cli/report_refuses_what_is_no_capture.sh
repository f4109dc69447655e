# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"$FIL" run --quiet --python="$PYTHON" "$WORKLOADS/exits_with.py" 0
capture=$(echo fil-result/*/capture.fil)
: >empty.fil
echo "hello, this is not a capture" >foreign.fil
head -c 1000 "$capture" >truncated.fil
cp "$capture" flipped.fil
printf '\xff\xff\xff\xff' | dd of=flipped.fil bs=1 seek=2000 conv=notrunc status=none
mkdir folder
for file in empty foreign truncated flipped missing; do
	"$FIL" report $file.fil >out
	echo "$file $? $(wc -c <out)"
done
"$FIL" report folder
echo $?
"$FIL" report
echo $?
"$FIL" report a b
echo $?
