# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Holds 20 MiB and leaves without any clean-up."""

import os

held = bytes(20 * 1024 * 1024)
os._exit(7)
