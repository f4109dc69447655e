# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""A batch job: read a table, group, merge, pivot, sort, multiply matrices."""

import io

import numpy as np
import pandas as pd

ROWS = 400000


def make_text():
    rng = np.random.default_rng(1)
    table = pd.DataFrame({
        "customer": rng.integers(0, 5000, ROWS),
        "product": rng.integers(0, 300, ROWS),
        "amount": rng.random(ROWS),
        "note": ["note %d" % (i % 1000) for i in range(ROWS)],
    })
    return table.to_csv(index=False)


def read(text):
    return pd.read_csv(io.StringIO(text))


def enrich(sales):
    by_customer = sales.groupby("customer")["amount"].agg(["sum", "mean"]).reset_index()
    return sales.merge(by_customer, on="customer")


def pivot(sales):
    return sales.pivot_table(index="customer", columns="product", values="amount", aggfunc="sum")


def main():
    sales = read(make_text())
    merged = enrich(sales).sort_values(["sum", "amount"])
    table = pivot(sales).fillna(0).to_numpy()
    print(len(merged), round(float((table @ table.T).trace()), 3))


main()
