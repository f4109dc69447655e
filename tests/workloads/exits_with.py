# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Holds 20 MiB and exits with the status that it is given."""

import sys

held = bytes(20 * 1024 * 1024)
sys.exit(int(sys.argv[1]))
