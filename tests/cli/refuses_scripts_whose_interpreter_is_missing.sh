# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
printf '#!/no/such/python -u\n' >direct
printf '#!/usr/bin/env no-such-python\n' >by-env
printf '#!/bin/sh\r\n' >dos
printf '#!./second\n' >first
printf '#!/no/such/python\n' >second
chmod +x direct by-env dos first second
for what in ./direct ./by-env ./dos ./first; do
	"$FIL" run "$what"
	echo $?
done
