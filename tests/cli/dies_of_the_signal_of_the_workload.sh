# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
ulimit -c 0
for signal in SIGKILL SIGTERM SIGINT SIGHUP SIGSEGV SIGABRT SIGALRM SIGUSR1; do
	printf '%s ' $signal
	"$PYTHON" "$FIL_ROOT/tests/cli/helpers/how_it_ends.py" \
		"$FIL" run --quiet --python="$PYTHON" "$WORKLOADS/kills_itself.py" $signal
done
ls fil-result/*/index.html | wc -l
