# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Dictionaries, strings and tuples in a list: about 1 MiB of them in each step."""

from steps import steps

held = []
for step in steps():
    for number in range(3000):
        held.append({"id": number, "name": f"row {step}.{number}", "pair": (step, number)})
