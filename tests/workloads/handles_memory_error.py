# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Asks for a petabyte, does without it, and then holds 20 MiB."""

try:
    bytearray(1 << 50)
except MemoryError:
    print("did without")
held = bytes(20 * 1024 * 1024)
