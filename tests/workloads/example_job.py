# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""A nightly job: read orders, look their customers up, total the sales of each country.

It works, and it takes far more memory than its answer of ten lines needs. Which lines hold it? That
is what the report of this says:

    ./build.sh run tests/workloads/example_job.py
"""

import csv
import random
import tempfile

COUNTRIES = ["AT", "BE", "CH", "DE", "DK", "ES", "FR", "IT", "NL", "SE"]


def write_orders(path, count):
    """What another system would have exported."""
    chance = random.Random(1)
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["order", "customer", "item", "price"])
        for number in range(count):
            customer = chance.randrange(5000)
            item = f"item-{chance.randrange(300)}"
            writer.writerow([number, customer, item, chance.random() * 100])


def load_customers(count):
    customers = {}
    for number in range(count):
        customers[str(number)] = {"name": f"Customer {number}", "country": COUNTRIES[number % 10]}
    return customers


def read_orders(path):
    """Every row at once, each a dictionary of strings."""
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def join(orders, customers):
    """Every row once more, now with its customer."""
    joined = []
    for order in orders:
        joined.append({**order, **customers[order["customer"]]})
    return joined


def total_by_country(rows):
    totals = {}
    for row in rows:
        totals[row["country"]] = totals.get(row["country"], 0.0) + float(row["price"])
    return totals


def main():
    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        write_orders(file.name, 60_000)
        orders = read_orders(file.name)
    rows = join(orders, load_customers(5000))
    for country, total in sorted(total_by_country(rows).items()):
        print(f"{country} {total:12.2f}")


if __name__ == "__main__":
    main()
