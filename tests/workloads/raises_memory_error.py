# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Holds 20 MiB and dies of asking for a petabyte."""

MIB = 1024 * 1024


def hold():
    return bytes(20 * MIB)


def ask_for_too_much():
    return bytearray(1 << 50)


held = hold()
ask_for_too_much()
