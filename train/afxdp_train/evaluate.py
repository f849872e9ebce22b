# SPDX-License-Identifier: BSD-2-Clause
"""Scores of one model on rows, cut in the ways of issue 6."""

import csv
import os
import tempfile

import numpy as np

from . import captured, metrics, tools

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
             "right": float((verdicts == rows.y).mean()),
             "false_positives": metrics.false_positives(rows.y, verdicts),
             "classes": dict(zip(classes, map(float, metrics.f1(rows.y, verdicts, k)))),
             "numbers": {}}
    for low, high in NUMBERS:
        at = (rows.nth >= low) & (rows.nth <= (high or rows.nth.max()))
        if at.any():
            name = f"{low}" if low == high else f"{low}-{high or ''}"
            found["numbers"][name] = metrics.macro_f1(rows.y[at], verdicts[at], k)
    return found


def delays(rows, verdicts, names):
    """How soon an attack shows: {"scenario": ..., "flow": ...}.

    Of the scenarios that attack (names: of each row, the instance): the share that is ever called an
    attack, and the packets until it first is, median and nine in ten. Of their flows: the share
    that is called an attack at the first packet, within three and ever. Of the packets before the
    first verdict, benign ones don't count.
    """
    attack = np.flatnonzero(rows.y != 0)
    order = attack[np.lexsort((rows.index[attack], rows.capture[attack]))]
    until, called = [], verdicts[order] != 0
    instance = np.char.add(rows.capture[order].astype(str), names[order])
    for name in np.unique(instance):
        its = called[instance == name]
        until.append(int(np.argmax(its)) + 1 if its.any() else None)
    found = sorted(count for count in until if count)
    ever, soon, first = (set(rows.flow[attack[(verdicts[attack] != 0) & (rows.nth[attack] <= most)]])
                         for most in (2**62, 3, 1))
    flows = len(np.unique(rows.flow[attack]))
    return {"scenarios": len(until), "called": len(found) / max(len(until), 1),
            "median": found[len(found) // 2] if found else None,
            "nine_in_ten": found[int(len(found) * 0.9)] if found else None, "flows": flows,
            "flows_first": len(first) / flows, "flows_soon": len(soon) / flows,
            "flows_ever": len(ever) / flows}


def engine_verdicts(model, x):
    """Classes that the engine's own inference gives these integers, by a .q8 file of ours."""
    with tempfile.TemporaryDirectory() as folder:
        features, verdicts = os.path.join(folder, "f.csv"), os.path.join(folder, "v.csv")
        tools.write_features(features, x, [""] * len(x))
        tools.run("eval", model, features, "--verdicts", verdicts, "--json", quiet=True)
        with open(verdicts, newline="", encoding="utf-8") as file:
            return np.array([captured.CLASSES.index(row["class"]) for row in csv.DictReader(file)])
