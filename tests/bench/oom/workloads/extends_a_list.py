# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""One list that is made longer, so that realloc makes one block larger and larger."""

from steps import MIB, steps

held = []
for _ in steps():
    held.extend([None] * (MIB // 8))
