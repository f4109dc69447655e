# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Parsing: C code of the standard library that makes very many Python objects."""

import json
import xml.etree.ElementTree as tree


def main():
    rows = [{"id": i, "name": f"row {i}", "tags": ["a", "b", str(i)], "at": {"x": i / 3}}
            for i in range(30000)]
    text = json.dumps(rows)
    markup = "<rows>" + "".join(f"<row id='{i}'><name>row {i}</name><x>{i / 3}</x></row>"
                                for i in range(30000)) + "</rows>"
    for _ in range(5):
        parsed = json.loads(text)
        root = tree.fromstring(markup)
    print(len(parsed), sum(1 for _ in root.iter("name")))


main()
