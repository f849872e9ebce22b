#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Evaluates the recipe and the shipped models: the tables of docs/models/evaluation.md.

    train/report.py --data ../shared/data --out docs/models

Each table is trained and scored here from nothing; results are kept in the run folder, so that an
interrupted report goes on where it stopped. It takes about 40 minutes on two cores.
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
import public
import recordings
import report_text
import train
import workers

K = len(data.CLASSES)
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
    for path in sorted(p for p in public.hashes() if p.startswith("mqttset/")):
        kind, part = os.path.basename(path).split(".")[:2]
        rows = data.read(os.path.join(folder, path), None, public.hashes()[path])
        rows.y[:] = MQTT.index(kind)
        rows.part[:] = data.TEST if part == "test" else data.TRAIN
        parts.append(rows)
    return data.join(parts)


def shipped_capture():
    """The labelled capture of test/captures, which no model is trained on."""
    path = os.path.join(data.ROOT, "test", "captures", "mixed")
    rows = data.read(f"{path}.pcap", recordings.flow_table(f"{path}.labels.csv"))
    return rows.take(rows.y >= 0)


def forms(fitted):
    """What a model is compared as: a network also before it became integers."""
    if fitted.layers is None:
        return {fitted.name: fitted.predict}
    return {f"{fitted.name} float": fitted.predict_float, f"{fitted.name} integer": fitted.predict}


def with_seeds(names, seeds):
    return [(name, seed) for name in names for seed in (seeds if name != "majority" else [0])]


class Report:
    """What the tables are made from, read once. Every method is a table."""

    def __init__(self, options):
        self.options, self.recipe = options, dataset.Recipe()
        self.effort = models.Effort(quiet=True)
        public.verify(options.data, public.SETS)
        sets = train.load(options)
        self.lab, self.recorded = sets["lab"], sets.get("recordings")
        self.test = {name: rows.take(rows.part == data.TEST) for name, rows in sets.items()}
        self.corpus = probes.corpus(options.data)
        self.mixed = shipped_capture()

    def training(self, keep=None):
        """The recipe's training rows, without lab rows outside the mask `keep`."""
        rows = self.lab.part == data.TRAIN
        lab = self.lab.take(rows if keep is None else rows & keep)
        recorded = self.recorded
        if recorded is not None:
            recorded = recorded.take(recorded.part == data.TRAIN)
        return dataset.prepare(lab, recorded, self.recipe)

    def fit(self, name, training, seed=0, classes=K):
        return models.fit(name, training, classes, seed, self.effort)

    def each(self, what, call, jobs):
        """What call(*job) returns, of all jobs, on all cores."""
        return list(tqdm(workers.each(call, jobs), what, len(jobs), leave=False))

    def shipped(self):
        """The .q8 files as the engine runs them: scores and probes."""
        found = {}
        for name in ("nn", "dt"):
            def predict(x, path=os.path.join(self.options.models, f"{name}.q8")):
                return evaluate.engine_verdicts(path, x)

            found[name] = {part: {**evaluate.scores(predict, rows, data.CLASSES),
                                  "first_syn": probes.first_syn(predict, rows),
                                  "moved_flood": probes.moved_flood(predict, rows)}
                           for part, rows in {**self.test, "mixed": self.mixed}.items()}
            found[name]["corpus"] = probes.false_positives(predict, self.corpus)
            found[name]["corpus_worst"] = probes.by_capture(predict, self.corpus)
        return found

    def scenarios(self):
        """What the shipped files say of each scenario of the recordings that none was trained on."""
        rows, played = recordings.read([self.options.recordings])
        played, rows = played[rows.part == data.TEST], rows.take(rows.part == data.TEST)
        verdicts = {name: evaluate.engine_verdicts(
            os.path.join(self.options.models, f"{name}.q8"), rows.x) for name in ("nn", "dt")}
        found = []
        for scenario in np.unique(played):
            at = played == scenario
            label = np.bincount(rows.y[at]).argmax() # neighbours' upkeep is benign in all of them
            at &= rows.y == label
            found.append({"scenario": str(scenario), "label": data.CLASSES[label],
                          "packets": int(at.sum()),
                          **{name: [float((of[at] == label).mean()), float((of[at] != 0).mean())]
                             for name, of in verdicts.items()}})
        return found

    def all_models(self):
        """Every model on the recipe's rows, several seeds."""
        training = self.training()

        def scores(name, seed):
            return [{"model": form, "seed": seed,
                     **{part: evaluate.scores(predict, rows, data.CLASSES)
                        for part, rows in self.test.items()},
                     "corpus": probes.false_positives(predict, self.corpus)}
                    for form, predict in forms(self.fit(name, training, seed)).items()]

        return sum(self.each("all models", scores,
                             with_seeds(models.NAMES, self.options.seeds)), [])

    def without(self):
        """Without ports and direction."""
        training = self.training()

        def scores(what, name):
            fitted = self.fit(name, blind(training, WITHOUT[what]))
            return {"without": what, "model": name,
                    "lab": evaluate.scores(blinded(fitted.predict, WITHOUT[what]),
                                           self.test["lab"], data.CLASSES)}

        return self.each("without ports, direction", scores,
                         [(what, name) for what in WITHOUT for name in ("nn", "dt", "xgboost")])

    def left_out_captures(self):
        """Recall on each DDoS capture when no packet of it was trained on; floods with another
        service port for each flow too."""

        def recall(number, name):
            fitted = self.fit(name, self.training(self.lab.capture != number))
            rows = self.lab.take(self.lab.capture == number)
            verdicts, moved = fitted.predict(rows.x), probes.moved_flood(fitted.predict, rows)
            return {"capture": os.path.basename(self.lab.names[number]), "packets": len(rows),
                    "model": name, "own": float((verdicts == rows.y[0]).mean()),
                    "attack": float((verdicts != 0).mean()), "moved": moved}

        numbers = [n for n, path in enumerate(self.lab.names) if "stopddos" in path]
        return self.each("captures left out", recall,
                         [(number, name) for number in numbers for name in ("nn", "dt")])

    def unseen_devices(self):
        """False positives on all captures of devices that were left out of training."""
        device = np.array([data.device(path) or "" for path in self.lab.names])
        kinds = sorted(set(device) - {""})

        def wrong(fold, name):
            held = np.isin(device, kinds[fold::FOLDS])[self.lab.capture]
            fitted, rows = self.fit(name, self.training(~held)), self.lab.take(held)
            return {"devices": kinds[fold::FOLDS], "packets": len(rows), "model": name,
                    "false_positives": probes.false_positives(fitted.predict, rows)}

        return self.each("unseen devices", wrong, [(fold, name) for fold in range(FOLDS)
                                                   for name in ("nn", "dt", "forest")])

    def ssh(self):
        """GOOD-SSH against BAD-SSH, by models that learn nothing else: each flow is judged by
        models that saw the other flows."""
        rows, fold = probes.ssh_sets(self.options.data, FOLDS)

        def judged(name, number):
            seen = rows.take(fold != number)
            share = np.bincount(seen.y, minlength=2)
            training = dataset.Training(seen.x, seen.y, (len(seen) / 2 / share)[seen.y])
            return self.fit(name, training, classes=2).predict(rows.x[fold == number])

        found = []
        for name in ("nn", "dt", "forest", "xgboost"):
            verdicts = np.zeros(len(rows), np.int64)
            for number, of_fold in enumerate(self.each(f"ssh, {name}", judged,
                                                       [(name, n) for n in range(FOLDS)])):
                verdicts[fold == number] = of_fold
            found.append({"model": name, **probes.ssh_recalls(rows, verdicts)})
        return found

    def mqtt(self):
        """Every model on mqttset, with and without ports; no copies, no recordings."""
        rows = mqtt_set(self.options.data)
        part, test = (rows.take(rows.part == p) for p in (data.TRAIN, data.TEST))
        plain = dataset.Training(part.x, part.y, np.ones(len(part)))

        def scores(what, name, seed):
            fitted = self.fit(name, blind(plain, WITHOUT[what]), seed, len(MQTT))
            return [{"features": what, "model": form, "seed": seed,
                     "mqttset": evaluate.scores(blinded(predict, WITHOUT[what]), test, MQTT)}
                    for form, predict in forms(fitted).items()]

        return sum(self.each("mqttset", scores, [(what, *job) for what in ("all features", "no ports")
                                                 for job in with_seeds(models.NAMES,
                                                                       self.options.seeds)]), [])


TABLES = ("shipped", "scenarios", "all_models", "without", "left_out_captures", "unseen_devices",
          "ssh", "mqtt")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    train.add_data_options(parser)
    parser.add_argument("--models", default=os.path.join(data.ROOT, "models"),
                        help="folder of the shipped models")
    parser.add_argument("--out", default=os.path.join(data.ROOT, "docs", "models"),
                        help="where evaluation.md goes")
    parser.add_argument("--run", default=os.path.join(data.ROOT, "train", "runs", "report"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--tables", nargs="+", default=TABLES, choices=TABLES)
    options = parser.parse_args()
    os.makedirs(options.run, exist_ok=True)
    report, results = None, {}
    try:
        for name in TABLES:
            path = os.path.join(options.run, f"{name}.json")
            if name in options.tables and not os.path.exists(path):
                report = report or Report(options)
                with open(f"{path}.part", "w", encoding="utf-8") as file:
                    json.dump(getattr(report, name)(), file, indent=1)
                os.replace(f"{path}.part", path)
            if os.path.exists(path):
                with open(path, encoding="utf-8") as file:
                    results[name] = json.load(file)
    except public.Missing as error:
        print(f"report: {error}", file=sys.stderr)
        return 2
    with open(os.path.join(options.out, "evaluation.md"), "w", encoding="utf-8") as file:
        file.write(report_text.page(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
