# SPDX-License-Identifier: BSD-2-Clause
"""Scores of one model on rows, cut in the ways of issue 6."""

import csv
import os
import tempfile

import numpy as np

import data
import metrics
import tools

NUMBERS = ((1, 1), (2, 2), (3, 3), (4, 7), (8, 15), (16, 63), (64, None))


def last_of_flow(rows):
    """The last row of every flow."""
    order = np.lexsort((rows.nth, rows.flow))
    ends = np.flatnonzero(np.diff(rows.flow[order], append=-1))
    return order[ends]


def scores(predict, rows, classes):
    """Macro-F1 per packet, at the first and at the last packet of flows, F1 by class, false
    positives and macro-F1 by packet number."""
    verdicts, k = predict(rows.x), len(classes)
    first, last = np.flatnonzero(rows.nth == 1), last_of_flow(rows)
    found = {"packet": metrics.macro_f1(rows.y, verdicts, k),
             "first": metrics.macro_f1(rows.y[first], verdicts[first], k),
             "last": metrics.macro_f1(rows.y[last], verdicts[last], k),
             "false_positives": metrics.false_positives(rows.y, verdicts),
             "classes": dict(zip(classes, map(float, metrics.f1(rows.y, verdicts, k)))),
             "numbers": {}}
    for low, high in NUMBERS:
        at = (rows.nth >= low) & (rows.nth <= (high or rows.nth.max()))
        if at.any():
            name = f"{low}" if low == high else f"{low}-{high or ''}"
            found["numbers"][name] = metrics.macro_f1(rows.y[at], verdicts[at], k)
    return found


def engine_verdicts(model, x):
    """Classes that the engine's own inference gives these integers, by a .q8 file of ours."""
    with tempfile.TemporaryDirectory() as folder:
        features, verdicts = os.path.join(folder, "f.csv"), os.path.join(folder, "v.csv")
        tools.write_features(features, x, [""] * len(x))
        tools.run("eval", model, features, "--verdicts", verdicts, "--json", quiet=True)
        with open(verdicts, newline="", encoding="utf-8") as file:
            return np.array([data.CLASSES.index(row["class"]) for row in csv.DictReader(file)])
