# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Fits a linear model and a forest on data that it makes itself."""

from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression


def make_data():
    return make_classification(n_samples=20_000, n_features=40, random_state=1)


def fit_linear(features, classes):
    return LogisticRegression(max_iter=200).fit(features, classes).score(features, classes)


def fit_forest(features, classes):
    forest = RandomForestClassifier(n_estimators=10, random_state=1, n_jobs=1)
    return forest.fit(features, classes).score(features, classes)


def main():
    features, classes = make_data()
    print(f"linear {fit_linear(features, classes):.2f}")
    print(f"forest {fit_forest(features, classes):.2f}")


if __name__ == "__main__":
    main()
