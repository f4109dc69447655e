# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# The "browser" writes its arguments and what it has for stdio; the pipe waits for it.
mkfifo asked
cat >browser <<'END'
#!/bin/sh
echo "$* $(readlink /proc/self/fd/0) $(readlink /proc/self/fd/2)" >"$OUT/asked"
END
chmod +x browser
export OUT=$PWD
ask() { "$FIL" run --quiet --python="$PYTHON" "$@" "$WORKLOADS/exits_with.py" 0; }
BROWSER="no-such-browser:$PWD/browser --new %s --last" ask
sed "s|$PWD|PWD|; s/20..-..-..T..-..-.._.../TIME/" <asked
BROWSER=$PWD/browser ask -o "a b"
sed "s|$PWD|PWD|; s/20..-..-..T..-..-.._.../TIME/" <asked
# Neither of these asks: the pipe would hold the first answer.
BROWSER=$PWD/browser ask --no-browser
BROWSER=$PWD/browser SUDO_UID=0 ask
DISPLAY=:0 ask
BROWSER="$PWD/browser last" ask
sed 's/ .*//' <asked
