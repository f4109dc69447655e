# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# alone: mounts a file system
mkdir small other
mount -t tmpfs -o size=32k none small 2>/dev/null || { echo "cannot mount here"; exit 77; }
trap 'umount small' EXIT
TMPDIR=$PWD/other "$FIL" run -o small --python="$PYTHON" "$WORKLOADS/exits_with.py" 3 2>err
echo $?
grep -c 'No space left on device' err
grep 'instead' err | sed "s|$PWD|PWD|; s/20..-..-..T..-..-.._.../TIME/; s/-$(id -u)/-UID/"
ls other/*/*
