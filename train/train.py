#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Trains the shipped models: captures in, ONNX, calibration rows and .q8 files out.

    train/train.py --data ../shared/data --recordings DIR --out models

The run folder (train/runs/...) keeps the configuration, metrics and confusion matrices.
"""

import argparse
import dataclasses
import json
import os
import platform
import sys
import time

import numpy as np
import sklearn
import torch
from tqdm import tqdm

import data
import dataset
import export_onnx
import input_code
import metrics
import nn
import public
import qat
import recordings
import tools
import tree

K = len(data.CLASSES)
HIDDEN = {"nn": (32, 32), "nn-16": (16, 16)}
FITS = {"dt": tree.fit_tree, "forest": tree.fit_forest}
CODE_ROWS = 200_000


def spread(rows, most, rng):
    """At most `most` row numbers, every class in its share and none below its own 200."""
    chosen = []
    for label in range(K):
        at = np.flatnonzero(rows.y == label)
        count = min(len(at), max(200, round(most * len(at) / len(rows.y))))
        chosen.append(rng.choice(at, count, replace=False))
    return np.sort(np.concatenate(chosen))


def make_code(training, folder, rng):
    """code.json made by afxdp-model where it is built, in numpy where it isn't."""
    path = os.path.join(folder, "code.json")
    at = spread(training, CODE_ROWS, rng)
    if tools.present():
        features = os.path.join(folder, "code.csv")
        tools.write_features(features, training.x[at], [data.CLASSES[y] for y in training.y[at]])
        tools.code(features, path)
        os.remove(features)
    else:
        with open(path, "w", encoding="utf-8") as file:
            file.write(input_code.to_json(input_code.tables_of(training.x[at]), data.FEATURES))
    with open(path, encoding="utf-8") as file:
        text = file.read()
    return text, input_code.from_json(text, data.FEATURES)


def valid_score(predict, valid):
    """Model choice: macro-F1 less false positives, each the mean over the validation sets."""
    scores = {name: metrics.summary(rows.y, predict(rows.x), data.CLASSES)
              for name, rows in valid.items()}
    scores["choice"] = float(np.mean([s["macro_f1"] - s["false_positives"]
                                      for s in scores.values()]))
    return scores


def train_network(options, name, training, weight, codes, tables, valid, seed):
    """The float network and its integer form, fine-tuned, of one seed."""
    rng = nn.deterministic(seed)

    def bar(what):
        return lambda n: tqdm(range(n), f"{name} seed {seed} {what}", mininterval=2)

    model = nn.network([12, *HIDDEN[name], K])
    nn.fit(model, codes, training.y, weight, rng, options.epochs, options.rate,
           batch=options.batch, progress=bar("float"))
    some = codes[rng.choice(len(codes), min(len(codes), 20000), replace=False)]
    start, factor = qat.quantise(nn.layers_of(model), some)
    layers = qat.tune(start, factor, codes, training.y, weight, rng, options.tune_epochs,
                      batch=options.batch, progress=bar("integer"))
    return {"seed": seed, "model": model, "layers": layers,
            "valid": valid_score(lambda x: qat.verdicts(layers, tables, x), valid)}


def train_trees(fit, training, weight, valid, seeds):
    found = []
    for seed in seeds:
        for leaf in (1, 8, 32):
            model = fit(training.x, training.y, weight, seed=seed, least_leaf=leaf)
            found.append({"seed": seed, "least_leaf": leaf, "model": model,
                          "valid": valid_score(model.predict, valid)})
    return found


def best(candidates):
    return max(candidates, key=lambda c: c["valid"]["choice"])


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", required=True, help="folder of the public captures")
    parser.add_argument("--recordings", nargs="*", default=[], help="folders of our own recordings")
    parser.add_argument("--out", default="models", help="where the models go")
    parser.add_argument("--run", help="run folder (train/runs/DATE)")
    parser.add_argument("--models", nargs="+", default=["nn", "dt"], choices=[*HIDDEN, *FITS],
                        help="which to train")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--tune-epochs", type=int, default=3)
    parser.add_argument("--batch", type=int, default=2048)
    parser.add_argument("--rate", type=float, default=0.01)
    parser.add_argument("--class-weight", type=float, default=0.5,
                        help="power of the inverse class weight")
    return parser.parse_args()


def main():
    options, recipe = parse(), dataset.Recipe()
    start = time.time()
    run = options.run or os.path.join(data.ROOT, "train", "runs", time.strftime("%Y%m%d-%H%M%S"))
    os.makedirs(run, exist_ok=True)
    os.makedirs(options.out, exist_ok=True)

    def bar(what):
        return lambda items: tqdm(items, what)

    try:
        lab = data.lab_set(options.data, bar("captures"))
    except public.Missing as error:
        print(f"train: {error}", file=sys.stderr)
        return 2
    recorded = recordings.read(options.recordings, bar("recordings"))
    sets = {"lab": lab} if recorded is None else {"lab": lab, "recordings": recorded}
    train, valid, test = ({name: rows.take(rows.part == part) for name, rows in sets.items()}
                          for part in (data.TRAIN, data.VALID, data.TEST))
    training = dataset.prepare(train["lab"], train.get("recordings"), recipe, bar("copies"))
    weight = dataset.balanced(training.y, training.weight, K, options.class_weight)
    rng = np.random.default_rng(recipe.seed)
    text, tables = make_code(training, run, rng)
    codes = input_code.apply(tables, training.x)

    candidates = {}
    for name in options.models:
        if name in HIDDEN:
            candidates[name] = [train_network(options, name, training, weight, codes, tables, valid,
                                              seed) for seed in options.seeds]
        else:
            candidates[name] = train_trees(FITS[name], training, weight, valid, options.seeds[:1])

    at = spread(training, 6000, rng)
    calibration = os.path.join(options.out, "calibration.csv")
    tools.write_features(calibration, training.x[at], [data.CLASSES[y] for y in training.y[at]])
    report = {"options": vars(options), "recipe": dataclasses.asdict(recipe),
              "python": platform.python_version(), "torch": torch.__version__,
              "scikit-learn": sklearn.__version__, "rows": len(training.y), "models": {}}
    for name, found in candidates.items():
        choice, path = best(found), os.path.join(options.out, f"{name}.onnx")
        if "layers" in choice:
            layers, shifts = qat.to_float(choice["layers"])
            export_onnx.export_nn(layers, path, data.CLASSES, text, shifts)
            predict = lambda x, c=choice: qat.verdicts(c["layers"], tables, x)
        else:
            export_onnx.export_trees(choice["model"], path, data.CLASSES)
            predict = choice["model"].predict
        entry = report["models"][name] = {"seed": choice["seed"], "test": {},
                                          "valid": [c["valid"] for c in found]}
        for part, rows in test.items():
            verdicts = predict(rows.x)
            entry["test"][part] = score = metrics.summary(rows.y, verdicts, data.CLASSES)
            metrics.confusion_png(os.path.join(run, f"{name}.{part}.png"), rows.y, verdicts,
                                  data.CLASSES, f"{name}, {part} test split, per packet")
            print(f"{name:8} {part:10} macro-F1 {score['macro_f1']:.4f}  false positives "
                  f"{score['false_positives']:.4f}  "
                  + "  ".join(f"{c} {v:.3f}" for c, v in score["f1"].items()))
        if tools.present():
            about = os.path.join(options.out, f"{name}.provenance.json")
            tools.write_provenance(about, name, {
                "recordings": len(recorded.names) if recorded else 0, "seed": choice["seed"],
                "torch": torch.__version__, "scikit-learn": sklearn.__version__})
            tools.import_onnx(path, calibration, about, os.path.join(options.out, f"{name}.q8"))
    report["seconds"] = round(time.time() - start, 1)
    with open(os.path.join(run, "metrics.json"), "w", encoding="utf-8") as file:
        json.dump(report, file, indent=1)
    print(f"{report['seconds']} s; run folder {run}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
