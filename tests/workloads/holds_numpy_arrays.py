# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Holds numpy's arrays of known sizes at marked lines until its end."""

import numpy as np


def main():
    np.empty(700_000).fill(1)  # dropped
    ones = np.ones(1_000_000)  # ones
    zeros = np.zeros((1000, 1000), dtype=np.float32)  # zeros
    total = ones + 1.5  # sum
    copied = total[::8].copy()  # copy
    ordered = np.sort(total)  # sorted
    view = total.reshape(1000, 1000)[:, ::2]  # view
    print(ones.sum(), zeros.sum(), copied.sum(), ordered.sum(), view.sum())


main()
