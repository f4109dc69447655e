# SPDX-License-Identifier: Apache-2.0
# Copyright the fil-profile authors
"""Fitting models: a forest of trees, and a pipeline of scaling and regression."""

import numpy as np
import sklearn.datasets
import sklearn.ensemble
import sklearn.linear_model
import sklearn.pipeline
import sklearn.preprocessing

SAMPLES, FEATURES = 6000, 20


def main():
    features, wanted = sklearn.datasets.make_classification(
        SAMPLES, FEATURES, n_informative=10, random_state=1)
    forest = sklearn.ensemble.RandomForestClassifier(30, random_state=1, n_jobs=1)
    forest.fit(features, wanted)
    regression = sklearn.pipeline.make_pipeline(
        sklearn.preprocessing.StandardScaler(),
        sklearn.preprocessing.PolynomialFeatures(2),
        sklearn.linear_model.LogisticRegression(max_iter=100))
    regression.fit(features, wanted)
    print(np.round(forest.score(features, wanted), 2), regression.score(features, wanted) > 0.5)


main()
