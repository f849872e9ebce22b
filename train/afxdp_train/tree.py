# SPDX-License-Identifier: BSD-2-Clause
"""Decision trees and forests of scikit-learn on the raw integers, as flat lists of nodes."""

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier


def fit_tree(x, y, weights, seed=0, depth=12, least_leaf=1):
    model = DecisionTreeClassifier(max_depth=depth, min_samples_leaf=least_leaf, random_state=seed)
    return model.fit(x, y, sample_weight=weights)


def fit_forest(x, y, weights, seed=0, trees=10, depth=10, least_leaf=1):
    model = RandomForestClassifier(trees, max_depth=depth, min_samples_leaf=least_leaf,
                                   random_state=seed, n_jobs=1)
    return model.fit(x, y, sample_weight=weights)


def trees_of(model):
    """scikit-learn's tree objects: one for a tree, several for a forest."""
    return [e.tree_ for e in getattr(model, "estimators_", [model])]


def round_down(thresholds):
    """The largest float32 not above each float64: float32(x) <= t asks the same of both."""
    rounded = np.asarray(thresholds, np.float64).astype(np.float32)
    above = rounded.astype(np.float64) > thresholds
    return np.where(above, np.nextafter(rounded, np.float32(-np.inf)), rounded)
