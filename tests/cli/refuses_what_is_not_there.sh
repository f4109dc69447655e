# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
for what in ./nothing nothing nothing.py "python3 job.py"; do
	"$FIL" run "$what"
	echo $?
done
ls
