# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
#
# Help lists every command; a wrong one is named, with those that there are.
"$FIL_ROOT/build.sh" help | sed -n 's|^  \(./build.sh [a-z-]*\).*|\1|p'
"$FIL_ROOT/build.sh" tset
