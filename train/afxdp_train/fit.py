# SPDX-License-Identifier: BSD-2-Clause
"""Trains a model on labelled features.csv files of your own.

    train/fit.py train.csv --model nn --out my

writes my/nn.onnx, my/calibration.csv, what the model was made of (my/nn.provenance.json) and,
imported from these, my/nn.q8 for afxdp-engine. Two runs on one machine give the same bytes.
"""

import argparse
import json
import math
import os
import sys
import tempfile

import numpy as np
import sklearn
import torch
from tqdm import tqdm

from . import dataset, labelled, metrics, models, public, refusal, tools, train

# A network of few rows sees them more often: about the steps that it needs to settle.
LEAST_STEPS = {"epochs": 4000, "tune_epochs": 800}


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0],
                                     epilog="Exit status: 0 done, 1 failed while running, 2 bad "
                                     "usage or input.")
    parser.add_argument("train", nargs="+", metavar="train.csv",
                        help="rows as afxdp-features writes them; those without a label are left out")
    parser.add_argument("--model", required=True, choices=models.RUNNABLE,
                        help="; ".join(f"{name}: {models.KINDS[name].about}"
                                       for name in models.RUNNABLE))
    parser.add_argument("--out", required=True, metavar="DIR", help="where the files go")
    parser.add_argument("--valid", nargs="+", default=[], metavar="CSV",
                        help="rows of other captures: chooses the best of several seeds")
    parser.add_argument("--classes", metavar="NAME,NAME",
                        help="the classes in this order (benign first, then by name)")
    parser.add_argument("--seeds", type=models.seed_number, nargs="+", metavar="SEED",
                        help="(0; with --valid 0 1 2)")
    models.add_options(parser)
    parser.set_defaults(**dict.fromkeys(LEAST_STEPS))
    options = parser.parse_args()
    options.seeds = options.seeds or ([0, 1, 2] if options.valid else [0])
    return options


def effort_for(options, rows):
    """What the options say, and for what they don't say what suits so many rows."""
    usual = models.Effort()
    for name, least in LEAST_STEPS.items():
        if getattr(options, name) is None:
            needed = math.ceil(least / math.ceil(rows / options.batch))
            setattr(options, name, max(getattr(usual, name), needed))
    return models.effort_of(options)


def choose(options, training, classes, tables, valid):
    """The model that validates best, and its scores on the validation rows (None without)."""
    effort, found = effort_for(options, len(training.y)), []
    for seed in options.seeds:
        fitted = models.fit(options.model, training, len(classes), seed, effort, tables)
        score = metrics.summary(valid[1], fitted.predict(valid[0]), classes) if valid else None
        found.append((score["macro_f1"] - score["false_positives"] if score else 0, fitted, score))
    return metrics.best(found)[1:]


def write(options, fitted, training, classes, text, rng):
    """ONNX, calibration rows, provenance and .q8; the path of the last."""
    base = os.path.join(options.out, options.model)
    train.write_onnx(fitted, f"{base}.onnx", classes, text)
    at = train.spread(training.y, train.CALIBRATION_ROWS, rng)
    calibration = os.path.join(options.out, "calibration.csv")
    tools.write_features(calibration, training.x[at], [classes[y] for y in training.y[at]])
    with open(f"{base}.provenance.json", "w", encoding="utf-8") as file:
        json.dump({"made_by": "train/fit.py", "seed": fitted.seed, "rows": len(training.y),
                   "train": [[os.path.basename(p), public.sha256(p)] for p in options.train],
                   "torch": torch.__version__, "scikit-learn": sklearn.__version__}, file, indent=1)
        file.write("\n")
    tools.import_onnx(f"{base}.onnx", calibration, f"{base}.provenance.json", f"{base}.q8")
    return f"{base}.q8"


def read(paths):
    size = sum(os.path.getsize(path) for path in paths if os.path.exists(path))
    with tqdm(total=size, desc="reading", unit="B", unit_scale=True) as bar:
        return labelled.read(paths, bar.update)


def fit(options):
    tools.must_be_built()
    x, labels = read(options.train)
    classes = labelled.classes_of(labels, options.classes)
    training = dataset.Training(x, labelled.number(labels, classes, "training rows"),
                                np.ones(len(x)))
    valid = None
    if options.valid:
        rows, labels = read(options.valid)
        if rows.shape[1] != x.shape[1]:
            raise labelled.Refused(f"--valid rows have {rows.shape[1]} features, those to train on "
                                   f"{x.shape[1]}: write both with the same afxdp-features --set")
        valid = rows, labelled.number(labels, classes, "--valid")
        metrics.validates(valid[1], classes, "--valid")
    elif len(options.seeds) > 1:
        raise labelled.Refused("several --seeds need --valid rows to choose by")
    refusal.writable_folder(options.out)
    print(f"{len(x)} rows: " + ", ".join(f"{name} {count}" for name, count in zip(
        classes, np.bincount(training.y, minlength=len(classes)))), flush=True)

    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        text, tables = train.make_code(training, folder, rng, classes)
    fitted, score = choose(options, training, classes, tables, valid)
    path = write(options, fitted, training, classes, text, rng)
    own = metrics.macro_f1(training.y, fitted.predict(x), len(classes))
    print(f"{path}: macro-F1 {own:.4f} on the rows it was trained on"
          + (f", {score['macro_f1']:.4f} on the validation rows" if score else ""))


def main():
    options = parse()
    return refusal.run_or_explain("fit", lambda: fit(options))


if __name__ == "__main__":
    sys.exit(main())
