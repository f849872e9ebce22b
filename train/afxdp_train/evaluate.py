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


def half_from(called):
    """The packet, from 1, from which on at least half of all so far were called (a mask in order):
    None where that is never so for good."""
    short = np.flatnonzero(2 * np.cumsum(called) < np.arange(1, len(called) + 1))
    last = int(short[-1]) + 1 if len(short) else 0
    return last + 1 if last < len(called) else None


def spans(counts):
    """{"share", "median", "nine_in_ten"} of numbers of packets, None where it never came to that."""
    found = sorted(count for count in counts if count is not None)
    return {"share": len(found) / max(len(counts), 1),
            "median": found[len(found) // 2] if found else None,
            "nine_in_ten": found[int(len(found) * 0.9)] if found else None}


def delays(rows, verdicts, names):
    """How soon an attack shows. "first", of the scenarios that attack (names: of each row, the
    instance): the packets until one is called an attack; "half": until half of those so far are,
    and stay so. Of their flows: the share that is called an attack at the first packet, within three
    and ever. Benign packets don't count.
    """
    attack = np.flatnonzero(rows.y != 0)
    order = attack[np.lexsort((rows.index[attack], rows.capture[attack]))]
    called = verdicts[order] != 0
    instance = np.char.add(rows.capture[order].astype(str), names[order])
    its = [called[instance == name] for name in np.unique(instance)]
    ever, soon, first = (set(rows.flow[attack[(verdicts[attack] != 0) & (rows.nth[attack] <= most)]])
                         for most in (2**62, 3, 1))
    flows = len(np.unique(rows.flow[attack]))
    return {"scenarios": len(its),
            "first": spans([int(np.argmax(of)) + 1 if of.any() else None for of in its]),
            "half": spans([half_from(of) for of in its]),
            "flows": flows, "flows_first": len(first) / flows, "flows_soon": len(soon) / flows,
            "flows_ever": len(ever) / flows}


def engine_verdicts(model, x):
    """Classes that the engine's own inference gives these integers, by a .q8 file of ours."""
    with tempfile.TemporaryDirectory() as folder:
        features, verdicts = os.path.join(folder, "f.csv"), os.path.join(folder, "v.csv")
        tools.write_features(features, x, [""] * len(x))
        tools.run("eval", model, features, "--verdicts", verdicts, "--json", quiet=True)
        with open(verdicts, newline="", encoding="utf-8") as file:
            return np.array([captured.CLASSES.index(row["class"]) for row in csv.DictReader(file)])
