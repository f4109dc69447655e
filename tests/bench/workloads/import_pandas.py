# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Importing a large library: many code objects, deep stacks, everything for the first time."""

import pandas

print(pandas.__version__)
