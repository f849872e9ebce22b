#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Evaluates the recipe and the shipped models: the tables of docs/models/evaluation.md.

    train/report.py --data ../shared/data --recordings DIR --out docs/models

Each table is trained and scored here from nothing; results are kept in the run folder, so that an
interrupted report goes on where it stopped. It takes about an hour on two cores.
"""

import argparse
import json
import os
import sys

import numpy as np
from tqdm import tqdm

import data
import dataset
import evaluate
import models
import probes
import report_text
import train

MQTT = ("benign", "bruteforce", "flood", "malariados", "malformed", "slowite")
PORTS, DIRECTION = [0, 1], [5, 8, 11]
WITHOUT = {"all features": [], "no ports": PORTS, "no direction": DIRECTION,
           "neither": PORTS + DIRECTION}
FOLDS = 4


def blind(training, columns):
    """The training rows with some features set to 0."""
    x = training.x.copy()
    x[:, columns] = 0
    return dataset.Training(x, training.y, training.weight)


def blinded(predict, columns):
    def call(x):
        x = x.copy()
        x[:, columns] = 0
        return predict(x)
    return call


def mqtt_set(folder):
    """mqttset by its authors' split, one class a file."""
    parts = []
    for path in sorted(p for p in data.public.hashes() if p.startswith("mqttset/")):
        kind, part = os.path.basename(path).split(".")[:2]
        rows = data.read(os.path.join(folder, path), None, data.public.hashes()[path])
        rows.y[:] = MQTT.index(kind)
        rows.part[:] = data.TEST if part == "test" else data.TRAIN
        parts.append(rows)
    return data.join(parts)


class Report:
    """What every table needs, read once."""

    def __init__(self, options):
        self.options, self.recipe = options, dataset.Recipe()
        self.effort = models.Effort(quiet=True)
        data.public.verify(options.data, data.public.SETS)
        sets = train.load(options)
        self.lab, self.recorded = sets["lab"], sets.get("recordings")
        self.test = {name: rows.take(rows.part == data.TEST) for name, rows in sets.items()}
        self.corpus = probes.corpus(options.data)
        self.k = len(data.CLASSES)

    def training(self, keep=None):
        """The recipe's training rows, without lab rows outside the mask `keep`."""
        rows = self.lab.part == data.TRAIN
        lab = self.lab.take(rows if keep is None else rows & keep)
        recorded = self.recorded
        if recorded is not None:
            recorded = recorded.take(recorded.part == data.TRAIN)
        return dataset.prepare(lab, recorded, self.recipe)

    def fit(self, name, training, seed=0, k=None):
        return models.fit(name, training, k or self.k, seed, self.effort)

    def all_models(self):
        """Every model on the recipe, several seeds."""
        training, found = self.training(), []
        for name in models.NAMES:
            for seed in self.options.seeds if name != "majority" else [0]:
                fitted = self.fit(name, training, seed)
                forms = {name: fitted.predict}
                if fitted.predict_float:
                    forms = {f"{name} float": fitted.predict_float, f"{name} integer": fitted.predict}
                for form, predict in forms.items():
                    found.append({"model": form, "seed": seed,
                                  **{part: evaluate.scores(predict, rows, data.CLASSES)
                                     for part, rows in self.test.items()},
                                  "corpus": probes.false_positives(predict, self.corpus)})
        return found

    def without(self):
        """Without ports and direction."""
        training, found = self.training(), []
        for what, columns in WITHOUT.items():
            for name in ("nn", "dt", "xgboost"):
                fitted = self.fit(name, blind(training, columns))
                score = evaluate.scores(blinded(fitted.predict, columns), self.test["lab"],
                                        data.CLASSES)
                found.append({"without": what, "model": name, "lab": score})
        return found

    def left_out_captures(self):
        """Recall on each DDoS capture when no packet of it was trained on."""
        found = []
        for number, path in enumerate(self.lab.names):
            if "stopddos" not in path:
                continue
            training, rows = (self.training(self.lab.capture != number),
                              self.lab.take(self.lab.capture == number))
            entry = {"capture": os.path.basename(path), "packets": len(rows)}
            for name in ("nn", "dt"):
                verdicts = self.fit(name, training).predict(rows.x)
                entry[name] = [float((verdicts == rows.y[0]).mean()), float((verdicts != 0).mean())]
            found.append(entry)
        return found

    def unseen_devices(self):
        """False positives on all captures of devices that were left out of training."""
        device = np.array([data.device(path) or "" for path in self.lab.names])
        kinds, found = sorted(set(device) - {""}), []
        for fold in range(FOLDS):
            held = np.isin(device, kinds[fold::FOLDS])[self.lab.capture]
            training, rows = self.training(~held), self.lab.take(held)
            entry = {"devices": kinds[fold::FOLDS], "packets": len(rows)}
            for name in ("nn", "dt", "forest"):
                entry[name] = probes.false_positives(self.fit(name, training).predict, rows)
            found.append(entry)
        return found

    def mqtt(self):
        """Every model on mqttset, with and without ports; no copies, no recordings."""
        rows, found = mqtt_set(self.options.data), []
        part = rows.take(rows.part == data.TRAIN)
        test = rows.take(rows.part == data.TEST)
        plain = dataset.Training(part.x, part.y, np.ones(len(part)))
        for columns, what in (([], "all features"), (PORTS, "no ports")):
            for name in models.NAMES:
                for seed in self.options.seeds[:3] if name != "majority" else [0]:
                    fitted = self.fit(name, blind(plain, columns), seed, len(MQTT))
                    forms = {name: fitted.predict}
                    if fitted.predict_float:
                        forms = {f"{name} float": fitted.predict_float,
                                 f"{name} integer": fitted.predict}
                    for form, predict in forms.items():
                        found.append({"features": what, "model": form, "seed": seed, "mqttset":
                                      evaluate.scores(blinded(predict, columns), test, MQTT)})
        return found

    def shipped(self):
        """The .q8 files as the engine runs them: scores and probes."""
        found = {}
        for name in ("nn", "dt"):
            def predict(x, path=os.path.join(self.options.models, f"{name}.q8")):
                return evaluate.engine_verdicts(path, x)

            entry = {part: evaluate.scores(predict, rows, data.CLASSES)
                     for part, rows in self.test.items()}
            for part, rows in self.test.items():
                entry[part]["first_syn"] = probes.first_syn(predict, rows)
                entry[part]["moved_flood"] = probes.moved_flood(predict, rows)
            entry["corpus"] = probes.false_positives(predict, self.corpus)
            entry["corpus_worst"] = probes.by_capture(predict, self.corpus)
            found[name] = entry
        return found


TABLES = ("shipped", "all_models", "without", "left_out_captures", "unseen_devices",
          "mqtt")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", required=True, help="folder of the public captures")
    parser.add_argument("--recordings", nargs="*", default=[], help="folders of our own recordings")
    parser.add_argument("--models", default="models", help="folder of the shipped models")
    parser.add_argument("--out", default="docs/models", help="where evaluation.md goes")
    parser.add_argument("--run", default=os.path.join(data.ROOT, "train", "runs", "report"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--tables", nargs="+", default=TABLES, choices=TABLES)
    options = parser.parse_args()
    os.makedirs(options.run, exist_ok=True)
    report, results = None, {}
    for name in tqdm(TABLES, "tables"):
        path = os.path.join(options.run, f"{name}.json")
        if name in options.tables and not os.path.exists(path):
            report = report or Report(options)
            with open(f"{path}.part", "w", encoding="utf-8") as file:
                json.dump(getattr(report, name)(), file, indent=1)
            os.replace(f"{path}.part", path)
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                results[name] = json.load(file)
    with open(os.path.join(options.out, "evaluation.md"), "w", encoding="utf-8") as file:
        file.write(report_text.page(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
