# SPDX-License-Identifier: BSD-2-Clause
"""Scores of verdicts against labels, and the confusion matrix as a picture."""

import math

import numpy as np

from . import refusal


def confusion(y, verdicts, classes):
    """[true, verdict] counts."""
    return np.bincount(y * classes + verdicts, minlength=classes * classes).reshape(classes, classes)


def f1(y, verdicts, classes):
    """F1 of each class; a class that neither occurs nor is given counts as absent (NaN)."""
    table = confusion(y, verdicts, classes)
    hits, total = np.diag(table), table.sum(axis=0) + table.sum(axis=1)
    return np.where(total > 0, 2 * hits / np.maximum(total, 1), np.nan)


def macro_f1(y, verdicts, classes):
    """Mean F1 of the classes that occur or are given."""
    return float(np.nanmean(f1(y, verdicts, classes)))


def false_positives(y, verdicts):
    """Share of benign packets (class 0) called an attack."""
    benign = y == 0
    return float((verdicts[benign] != 0).mean()) if benign.any() else float("nan")


def validates(y, names, what):
    """Refuses validation rows that no false positive can be counted on."""
    if not (y == 0).any():
        raise refusal.Refused(f"{what}: no row of the class '{names[0]}', which the choice of a "
                              "seed needs")


def best(candidates):
    """The first of the tuples (score, ...) with the highest score, which must all be numbers: no
    comparison with NaN holds, so the first would win."""
    if not all(math.isfinite(candidate[0]) for candidate in candidates):
        raise refusal.Refused("a model's validation score is no number: no seed can be chosen")
    return max(candidates, key=lambda candidate: candidate[0])


def summary(y, verdicts, names):
    return {"macro_f1": round(macro_f1(y, verdicts, len(names)), 5),
            "f1": {n: round(float(v), 5) for n, v in zip(names, f1(y, verdicts, len(names)))},
            "false_positives": round(false_positives(y, verdicts), 5),
            "packets": len(y)}


def confusion_png(path, y, verdicts, names, title):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    table = confusion(y, verdicts, len(names))
    share = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    figure, axes = pyplot.subplots(figsize=(1.1 * len(names) + 1.5, 0.9 * len(names) + 1.5))
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for i, row in enumerate(table):
        for j, count in enumerate(row):
            axes.text(j, i, f"{count}\n{share[i, j]:.1%}", ha="center", va="center", fontsize=8,
                      color="white" if share[i, j] > 0.5 else "black")
    axes.set_xticks(range(len(names)), names, rotation=30, ha="right")
    axes.set_yticks(range(len(names)), names)
    axes.set(xlabel="verdict", ylabel="label", title=title)
    figure.tight_layout()
    figure.savefig(path, dpi=120, metadata={"Software": None})
    pyplot.close(figure)
