# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
echo "print(1)" >job.py
"$FIL" run --python=/no/such/python job.py 2>err
"$FIL" run --nonsense job.py 2>>err
wc -l <err
ls
