# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Holds 20 MiB and calls abort()."""

import os

held = bytes(20 * 1024 * 1024)
os.abort()
