# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"$FIL" help report
"$FIL" report --help | cmp - <("$FIL" help report)
