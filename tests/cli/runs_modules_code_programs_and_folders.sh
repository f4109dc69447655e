# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
run() { "$FIL" run --quiet --python="$PYTHON" "$@"; }
echo '{"b": 1}' >x.json
run -m json.tool x.json
run -c 'import sys; print(sys.argv)' -x --quiet
echo 'import sys; print(sys.argv, __name__)' >job.py
run ./job.py -o x
run - y <job.py
mkdir folder
cp job.py folder/__main__.py
run folder z
"$PYTHON" -m zipapp folder -o app.pyz
run app.pyz z
run "$PYTHON" -u job.py
(echo "#!$PYTHON"; cat job.py) >tool
chmod +x tool
run ./tool a
PATH=$PWD:$PATH run tool b
printf '#!/usr/bin/env -S %s -I\n%s\n' "$PYTHON" 'import sys; print(sys.flags.isolated)' >isolated
chmod +x isolated
run ./isolated
