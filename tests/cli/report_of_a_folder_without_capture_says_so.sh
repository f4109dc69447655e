# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
# The folder of all runs is easily taken for that of one.
mkdir fil-result
"$FIL" report fil-result
