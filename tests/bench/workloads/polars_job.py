# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""A batch job in Rust with an allocator of its own: read a table, group, join, sort."""

import io

import polars as pl

ROWS = 1000000


def main():
    sales = pl.DataFrame({"id": range(ROWS)}).with_columns(
        customer=pl.col("id") * 7919 % 5000, amount=pl.col("id") * 31 % 1009 / 10,
        note=pl.format("note {}", pl.col("id") % 1000))
    text = io.BytesIO()
    sales.write_csv(text)
    for _ in range(3):
        text.seek(0)
        read = pl.read_csv(text)
        totals = read.group_by("customer").agg(pl.col("amount").sum().alias("total"))
        best = read.join(totals, on="customer").sort("total", "note", descending=True)
    print(best.height, best.width)


main()
