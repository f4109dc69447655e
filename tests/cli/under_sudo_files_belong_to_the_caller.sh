# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
[ "$(id -u)" = 0 ] || { echo "needs root"; exit 77; }
export SUDO_UID=1234 SUDO_GID=4321
mkdir there
"$FIL" run --quiet -o there/new --python="$PYTHON" "$WORKLOADS/exits_with.py" 0
find there -printf '%U:%G %P\n' | sed 's/20..-..-..T..-..-.._.../TIME/' | sort -k 2
