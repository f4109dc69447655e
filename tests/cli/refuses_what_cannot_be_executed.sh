# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
mkdir folder
echo "echo hello" >text
echo "#!/usr/bin/env python3" >script
: >empty
chmod +x text empty
for what in folder ./folder ./text text ./script ./empty; do
	"$FIL" run "$what"
	echo $?
done
