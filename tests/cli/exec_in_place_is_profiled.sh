# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
held() { grep -c '(hold) 31457313$' fil-result/*/peak-memory.prof; rm -r fil-result; }
cp "$WORKLOADS/execs_itself_with_changed_environment.py" job.py
"$FIL" run --quiet --python="$PYTHON" job.py
held
"$FIL" run --quiet sh -c 'exec "$PYTHON" job.py'
held
ln -s "$PYTHON" python-of-env
(echo '#!/usr/bin/env python-of-env'; cat job.py) >by-env
chmod +x by-env
PATH=$PWD:$PATH "$FIL" run --quiet ./by-env
held
(echo '#!/bin/sh'; echo 'exec "$PYTHON" "$@"') >shim
chmod +x shim
"$FIL" run --quiet --python=./shim job.py
held
