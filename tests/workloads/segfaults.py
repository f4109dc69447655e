# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Holds 20 MiB and reads from address 0."""

import ctypes

held = bytes(20 * 1024 * 1024)
ctypes.string_at(0)
