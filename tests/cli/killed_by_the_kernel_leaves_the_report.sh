# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# alone: fills a memory cgroup
bash "$FIL_ROOT/tests/cli/helpers/in_memory_cgroup.sh" 200M "$FIL" run --python="$PYTHON" \
	"$WORKLOADS/grows_without_bound.py" 2>err
status=$?
[ $status != 77 ] || { echo "no memory cgroup can be made here"; exit 77; }
echo $status
# Whether a picture in advance was ready before, and that could be said, is a matter of chance.
grep '^=fil-profile= ' err | grep -v ' memory runs low: '
ls fil-result/*
grep -A 2 'in grow$' fil-result/*/out-of-memory.txt | head -n 2
awk '/ \(grow\) / && $NF > 150 * 1024 * 1024 { print "most of it" }' fil-result/*/out-of-memory.prof
