# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""A real job with pandas on data it makes itself: read_csv, groupby, merge."""

import io

import numpy as np
import pandas as pd

ROWS = 200_000


def make_csv():
    chance = np.random.default_rng(1)
    frame = pd.DataFrame({
        "order": np.arange(ROWS),
        "customer": chance.integers(0, 5000, ROWS),
        "item": chance.integers(0, 300, ROWS),
        "price": chance.random(ROWS).round(2),
    })
    return frame.to_csv(index=False)


def read_orders(text):
    return pd.read_csv(io.StringIO(text))


def make_customers():
    return pd.DataFrame({
        "customer": np.arange(5000),
        "country": np.array(["AT", "CH", "DE", "FR", "IT"])[np.arange(5000) % 5],
    })


def join(orders, customers):
    return orders.merge(customers, on="customer", how="left")


def total_by_country(rows):
    return rows.groupby("country")["price"].agg(["sum", "count"])


def main():
    orders = read_orders(make_csv())
    rows = join(orders, make_customers())
    print(total_by_country(rows).round(2).to_string())


if __name__ == "__main__":
    main()
