# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Its child fills as many MiB as it is told; by what signal that ended is told, and all is well."""

import os
import sys

child = os.fork()
if child == 0:
    held = [b"x" * (1024 * 1024) for _ in range(int(sys.argv[1]))]
    os._exit(0)
print(os.WTERMSIG(os.waitpid(child, 0)[1]))
