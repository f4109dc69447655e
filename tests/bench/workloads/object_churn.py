# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Small objects made and dropped: dicts, lists, strings, tuples, some hundred thousand alive."""


def rows(count):
    return [{"id": i, "name": "row %d" % i, "values": (i * 1.5, i * 2, [i])} for i in range(count)]


def main():
    kept = []
    for round_number in range(12):
        table = rows(60000)
        index = {row["name"]: row for row in table}
        names = sorted(index)
        kept.append([index[name]["values"][0] for name in names[::10]])
        text = ",".join(names)
        kept.append(text.split(",")[:1000])
    print(len(kept))


main()
