# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"$FIL" help python
