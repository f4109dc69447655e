# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# The "browser" writes its arguments, what it has for stdio, and its limits, which are those that we
# had and not those of whoever wrote the report; the pipe waits for it.
mkfifo asked
cat >browser <<'END'
#!/bin/sh
echo "$* $(readlink /proc/self/fd/0) $(readlink /proc/self/fd/2)" \
	"$(ulimit -v) $(ulimit -t) $(cat /proc/self/oom_score_adj)" >"$OUT/asked"
END
chmod +x browser
export OUT=$PWD
ours() { sed "s|$PWD|PWD|; s/20..-..-..T..-..-.._.../TIME/;
	s/ $(ulimit -v) $(ulimit -t) $(cat /proc/self/oom_score_adj)\$/ ours/" <asked; }
ask() { "$FIL" run --quiet --python="$PYTHON" "$@" "$WORKLOADS/exits_with.py" 0; }
BROWSER="no-such-browser:$PWD/browser --new %s --last" ask
ours
BROWSER=$PWD/browser ask -o "a b"
ours
# Neither of these asks: the pipe would hold the first answer.
BROWSER=$PWD/browser ask --no-browser
BROWSER=$PWD/browser SUDO_UID=0 ask
DISPLAY=:0 ask
BROWSER="$PWD/browser last" ask
sed 's/ .*//' <asked
