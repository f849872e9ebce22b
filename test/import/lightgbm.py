# SPDX-License-Identifier: BSD-2-Clause
"""LightGBM's text form, written and evaluated from the format's description alone: Debian has no
LightGBM. Random trees stand in for trained ones."""

import numpy as np

NONE, ZERO, NAN = 0, 1, 2


class Tree:
    """Arrays as the file has them: children >= 0 are branches, ~child is a leaf."""

    def __init__(self, rng, x, leaves, missing=(NONE, ZERO, NAN)):
        self.feature, self.threshold, self.decision, self.left, self.right = [], [], [], [], []
        self.values = rng.normal(size=leaves)
        parents = {}  # leaf: (branch, side), None for the root
        parents[0] = None
        for branch in range(leaves - 1):
            leaf = int(rng.choice(list(parents)))
            at = parents[leaf]
            if at is not None:
                (self.left if at[1] else self.right)[at[0]] = branch
            feature = int(rng.integers(x.shape[1]))
            value = float(x[rng.integers(len(x)), feature]) + float(rng.choice([0, 0.5, -0.5]))
            self.feature.append(feature)
            self.threshold.append(value)
            self.decision.append(int(rng.choice(missing)) << 2 | int(rng.integers(2)) << 1)
            self.left.append(~leaf)
            self.right.append(~(branch + 1))
            parents[leaf], parents[branch + 1] = (branch, True), (branch, False)

    def text(self, number):
        def line(name, values):
            return f"{name}={' '.join(map(repr, values))}\n"
        leaves = len(self.values)
        out = f"Tree={number}\nnum_leaves={leaves}\nnum_cat=0\n"
        if leaves > 1:
            out += (line("split_feature", self.feature) + line("split_gain", [1] * (leaves - 1))
                    + line("threshold", self.threshold) + line("decision_type", self.decision)
                    + line("left_child", self.left) + line("right_child", self.right))
        return out + line("leaf_value", self.values.tolist()) + "is_linear=0\nshrinkage=0.1\n\n\n"

    def scores(self, x):
        """x as float64."""
        if len(self.values) == 1:
            return np.full(len(x), self.values[0])
        at = np.zeros(len(x), dtype=int)
        for _ in range(len(self.values)):
            inner = at >= 0
            if not inner.any():
                break
            node = at[inner]
            value = x[inner, np.array(self.feature)[node]]
            decision = np.array(self.decision)[node]
            left = value <= np.array(self.threshold)[node]
            zero = (decision >> 2 == ZERO) & (np.abs(value) <= 1e-35)
            left = np.where(zero, decision & 2 != 0, left)
            at[inner] = np.where(left, np.array(self.left)[node], np.array(self.right)[node])
        return self.values[~at]


class Model:
    def __init__(self, rng, x, classes, rounds, leaves, names=None, missing=(NONE, ZERO, NAN)):
        self.groups = 1 if classes == 2 else classes
        self.names = names or [f"Column_{i}" for i in range(x.shape[1])]
        self.trees = [Tree(rng, x, leaves, missing) for _ in range(rounds * self.groups)]

    def text(self):
        objective = "binary sigmoid:1" if self.groups == 1 else \
            f"multiclass num_class:{self.groups}"
        head = (f"tree\nversion=v4\nnum_class={self.groups}\n"
                f"num_tree_per_iteration={self.groups}\nlabel_index=0\n"
                f"max_feature_idx={len(self.names) - 1}\nobjective={objective}\n"
                f"feature_names={' '.join(self.names)}\n"
                f"feature_infos={' '.join(['none'] * len(self.names))}\n\n")
        return (head + "".join(tree.text(i) for i, tree in enumerate(self.trees))
                + "end of trees\n\nfeature_importances:\n\nparameters:\nend of parameters\n\n"
                + "pandas_categorical:null\n")

    def margins(self, x):
        """One column for each class."""
        x = np.asarray(x, dtype=np.float64)
        sums = np.zeros((len(x), self.groups))
        for i, tree in enumerate(self.trees):
            sums[:, i % self.groups] += tree.scores(x)
        return np.column_stack([np.zeros(len(x)), sums]) if self.groups == 1 else sums

    def splits(self):
        return sorted({pair for tree in self.trees for pair in zip(tree.feature, tree.threshold)})
