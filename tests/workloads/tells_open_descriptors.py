# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Writes the numbers of its open descriptors below 5 to descriptor 4, and exits with status 3."""

import os
import sys


def is_open(number):
    try:
        os.fstat(number)
        return True
    except OSError:
        return False


os.write(4, f"{[number for number in range(5) if is_open(number)]}\n".encode())
sys.exit(3)
