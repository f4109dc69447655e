# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
#
# redis.sh TOOL...: the server under it, and redis-benchmark, which is not measured. What the server
# has used it says itself.
# needs: redis-server redis-benchmark redis-cli
set -eu

"$@" redis-server --port 0 --unixsocket "$PWD/socket" --save '' --appendonly no --daemonize no \
	--dir "$PWD" &
until redis-cli -s socket ping >/dev/null 2>&1; do
	kill -0 $!
done
redis-benchmark -s socket -q -n 200000 -P 16 -r 20000 -d 100 -t set,get,lpush,lpop,sadd,hset,mset
redis-cli -s socket info >info
redis-cli -s socket shutdown nosave
wait $!
awk -F '[:\r]' '{ value[$1] = $2 }
END { print value["used_cpu_user"] + value["used_cpu_sys"], 0, value["used_memory_rss"] / 1024 }' \
	info >"$FIL_BENCH_USED"
