#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Trains the shipped models: captures in, ONNX, calibration rows and .q8 files out.

    train/train.py --data ../shared/data --out models

The run folder (train/runs/...) keeps the configuration, metrics and confusion matrices.
"""

import argparse
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
import export_onnx
import input_code
import metrics
import nn
import public
import tools
import tree

K = len(data.CLASSES)


def calibration_rows(rows, most=6000, seed=1):
    """At most `most` rows, every class in its share and none below its own 200."""
    rng, chosen = np.random.default_rng(seed), []
    for label in range(K):
        at = np.flatnonzero(rows.y == label)
        count = min(len(at), max(200, round(most * len(at) / len(rows))))
        chosen.append(rng.choice(at, count, replace=False))
    return rows.take(np.sort(np.concatenate(chosen)))


def make_code(rows, folder):
    """code.json made by afxdp-model where it is built, in numpy where it isn't."""
    path = os.path.join(folder, "code.json")
    if tools.present():
        features = os.path.join(folder, "train.csv")
        tools.write_features(features, rows.x, [data.CLASSES[y] for y in rows.y])
        tools.code(features, path)
        os.remove(features)
    else:
        with open(path, "w", encoding="utf-8") as file:
            file.write(input_code.to_json(input_code.tables_of(rows.x), data.FEATURES) + "\n")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    return text, input_code.from_json(text, data.FEATURES)


def train_nn(options, rows, valid, tables, hidden, seed):
    rng = nn.deterministic(seed)
    model = nn.network([12, *hidden, K])
    weights = nn.row_weights(rows.y, K, options.class_weight)
    name = "-".join(map(str, [12, *hidden, K]))
    nn.fit(model, input_code.apply(tables, rows.x), rows.y, weights, rng, options.epochs,
           options.rate, progress=lambda n: tqdm(range(n), f"nn {name} seed {seed}"))
    verdicts = nn.logits(model, input_code.apply(tables, valid.x)).argmax(1)
    return model, metrics.summary(valid.y, verdicts, data.CLASSES)


def best(candidates):
    """The candidate with the highest validation macro-F1, fewer false positives on a tie."""
    return max(candidates, key=lambda c: (c["valid"]["macro_f1"], -c["valid"]["false_positives"]))


def train_trees(options, rows, valid, fit, seeds):
    found = []
    for seed in seeds:
        for leaf in (1, 4, 16):
            weights = nn.row_weights(rows.y, K, options.class_weight)
            model = fit(rows.x, rows.y, weights, seed=seed, least_leaf=leaf)
            found.append({"seed": seed, "least_leaf": leaf, "model": model, "valid": metrics.summary(
                valid.y, model.predict(valid.x), data.CLASSES)})
    return best(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", required=True, help="folder of the public captures")
    parser.add_argument("--out", default="models", help="where the models go")
    parser.add_argument("--run", help="run folder (train/runs/DATE)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--rate", type=float, default=0.01)
    parser.add_argument("--class-weight", type=float, default=0.5,
                        help="power of the inverse class frequency")
    options = parser.parse_args()
    start = time.time()
    run = options.run or os.path.join(data.ROOT, "train", "runs", time.strftime("%Y%m%d-%H%M%S"))
    os.makedirs(run, exist_ok=True)
    os.makedirs(options.out, exist_ok=True)
    try:
        lab = data.lab_set(options.data, lambda items: tqdm(items, "captures"))
    except public.Missing as error:
        print(f"train: {error}", file=sys.stderr)
        return 2
    train, valid, test = (lab.take(lab.part == p) for p in (data.TRAIN, data.VALID, data.TEST))
    text, tables = make_code(train, run)

    report = {"options": vars(options), "python": platform.python_version(),
              "torch": torch.__version__, "scikit-learn": sklearn.__version__, "models": {}}
    chosen = {}
    for name, hidden in (("nn", (32, 32)), ("nn-16", (16, 16))):
        runs = []
        for seed in options.seeds:
            model, score = train_nn(options, train, valid, tables, hidden, seed)
            runs.append({"seed": seed, "model": model, "valid": score})
        chosen[name] = best(runs)
        verdicts = nn.logits(chosen[name]["model"], input_code.apply(tables, test.x)).argmax(1)
        export_onnx.export_nn(nn.layers_of(chosen[name]["model"]),
                              os.path.join(options.out, f"{name}.onnx"), data.CLASSES, text)
        chosen[name]["verdicts"] = verdicts
    for name, fit in (("dt", tree.fit_tree), ("forest", tree.fit_forest)):
        chosen[name] = train_trees(options, train, valid, fit, options.seeds)
        chosen[name]["verdicts"] = chosen[name]["model"].predict(test.x)
        export_onnx.export_trees(chosen[name]["model"],
                                 os.path.join(options.out, f"{name}.onnx"), data.CLASSES)

    calibration = calibration_rows(train)
    tools.write_features(os.path.join(options.out, "calibration.csv"), calibration.x,
                         [data.CLASSES[y] for y in calibration.y])
    for name, choice in chosen.items():
        score = metrics.summary(test.y, choice["verdicts"], data.CLASSES)
        report["models"][name] = {k: v for k, v in choice.items() if k not in ("model", "verdicts")}
        report["models"][name]["test"] = score
        metrics.confusion_png(os.path.join(run, f"{name}.confusion.png"), test.y,
                              choice["verdicts"], data.CLASSES, f"{name}, lab test split, per packet")
        print(f"{name:8} valid {choice['valid']['macro_f1']:.4f}  test {score['macro_f1']:.4f}  "
              + "  ".join(f"{c} {v:.3f}" for c, v in score["f1"].items()))
        if tools.present():
            tools.import_onnx(os.path.join(options.out, f"{name}.onnx"),
                              os.path.join(options.out, "calibration.csv"),
                              os.path.join(options.out, f"{name}.q8"))
    report["seconds"] = round(time.time() - start, 1)
    with open(os.path.join(run, "metrics.json"), "w", encoding="utf-8") as file:
        json.dump(report, file, indent=1)
    print(f"{report['seconds']} s; run folder {run}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
