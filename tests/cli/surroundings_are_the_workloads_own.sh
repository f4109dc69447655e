# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# What is left is the list in README.md. ("_" is the shell's, and names the command.)
script=$WORKLOADS/prints_its_surroundings.py
umask 027
trap '' USR1
ulimit -S -n 321
exec 7<"$script"
env -u _ "$PYTHON" "$script" a "b c" >out 2>err
mv out without
env -u _ "$FIL" run --quiet --python="$PYTHON" "$script" a "b c" >out 2>err
mv out with
diff without with
wc -l <err
