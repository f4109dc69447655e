# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Takes 1 MiB in small blocks and frees every other; those of the next step are too large for that.

So half of what is resident is free, and of use to nobody.
"""

from steps import MIB, steps

held = []
for step in steps():
    size = 600 + 16 * step
    blocks = [b"x" * size for _ in range(MIB // size)]
    held.append(blocks[::2])
    del blocks
