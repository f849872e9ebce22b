# SPDX-License-Identifier: BSD-2-Clause
"""Evaluates the recipe and the shipped models: the tables of docs/models/evaluation.md.

    train/report.py --data ../shared/data --out docs/models

Each table is trained and scored here from nothing. What it found is kept in the run folder, so that
an interrupted report goes on where it stopped, unless code, models or options have changed. It takes
half an hour on two cores, and four minutes more to make the recordings that it tests on.
"""

import argparse
import dataclasses
import functools
import glob
import hashlib
import json
import os
import sys
import tempfile

import numpy as np
from tqdm import tqdm

from . import (captured, dataset, evaluate, metrics, models, places, probes, public, queues,
               recordings, refusal, report_text, tools, train, workers, worlds)

K = len(captured.CLASSES)
MQTT = ("benign", "bruteforce", "flood", "malariados", "malformed", "slowite")
PORTS, DIRECTION = [0, 1], [5, 8, 11]
SAID, HOSTS = list(range(12, 16)), list(range(16, 28))
# What a model may look at: set 1 is of the flow alone, set 2 of the flow and its hosts.
ABLATION = {"flow (set 1)": SAID + HOSTS, "flow, flags and payload": HOSTS,
            "flow and hosts (set 2)": []}
WITHOUT = {"all features": [], "no ports": PORTS, "no direction": DIRECTION,
           "neither": PORTS + DIRECTION}
FOLDS = 4
QUEUES = (1, 2, 4, 16)
FRESH = recordings.FRESH


def blind(training, columns):
    """The training rows with some features set to 0."""
    x = training.x.copy()
    x[:, columns] = 0
    return dataclasses.replace(training, x=x)


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
        rows = captured.read(os.path.join(folder, path), None, public.hashes()[path])
        rows.y[:] = MQTT.index(kind)
        rows.part[:] = captured.TEST if part == "test" else captured.TRAIN
        parts.append(rows)
    return captured.join(parts)


def shipped_capture():
    """The labelled capture of test/captures, which no model is trained on."""
    path = places.in_tree("test", "captures", "mixed")
    rows = captured.read(f"{path}.pcap", recordings.flow_table(f"{path}.labels.csv"))
    return rows.take(rows.y >= 0)


def capture_of(piece):
    """The file that a piece of the lab set comes from; of a recording its name."""
    return piece.partition("/")[0]


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
        self.effort = models.Effort(quiet=True, **train.EFFORT)
        public.verify(options.data, public.SETS)
        self.lab = captured.lab_set(options.data)
        fresh, self.played, found = train.record_and_read(options, FRESH, lambda seed: captured.TEST)
        world, self.played["worlds"] = worlds.make(found, captured.TEST, 1, 1)
        self.test = {"lab": self.lab.take(self.lab.part == captured.TEST), **fresh, "worlds": world}
        self.corpus = probes.corpus(options.data)
        self.mixed = shipped_capture()

    @functools.cached_property
    def learned(self):
        """What models are trained on, for those tables that train: see train.mix."""
        return train.mix(*train.read(self.options), self.recipe.plays, train.MIXED)

    def training(self, keep=lambda capture: True, one_in=None):
        """The recipe's training rows, of one flow in one_in (--one-in) outside the lab set, without
        those of captures of the lab set that aren't kept."""
        one_in = one_in or self.options.one_in
        sets, world_pieces = self.learned
        parts = train.part_of(sets, captured.TRAIN)
        lab = parts["lab"]
        kept = np.array([keep(os.path.basename(path)) for path in lab.names])
        parts["lab"] = lab.take(kept[lab.capture])
        names = world_pieces[sets["worlds"].part == captured.TRAIN]
        kept = {name: keep(capture_of(name)) for name in np.unique(names)}
        parts["worlds"] = parts["worlds"].take(np.array([kept[name] for name in names]))
        for name, rows in parts.items():
            if name != "lab":
                parts[name] = rows.take(queues.queue_of(rows.flow, one_in) == 0)
        return dataset.prepare(parts, self.recipe)

    def fit(self, name, training, seed=0, classes=captured.CLASSES):
        """Trains as train.py does."""
        with tempfile.TemporaryDirectory() as folder:
            rng = np.random.default_rng(self.recipe.seed)
            tables = (train.make_code(training, folder, rng, classes)[1] if name in models.NETWORKS
                      else None)
        return models.fit(name, training, len(classes), seed, self.effort, tables)

    def each(self, what, call, jobs):
        """What call(*job) returns, of all jobs, on all cores."""
        _ = self.learned  # read before the workers are forked, which share it
        return list(tqdm(workers.each(call, jobs), what, len(jobs), leave=False))

    def shipped(self):
        """The .q8 files as the engine runs them: scores and probes."""
        found = {}
        for name in self.shipped_names():
            predict = self.engine(name)
            found[name] = {part: {**evaluate.scores(predict, rows, captured.CLASSES),
                                  "first_syn": probes.first_syn(predict, rows),
                                  "first_contact": probes.first_contact(predict, rows),
                                  "moved_flood": probes.moved_flood(predict, rows)}
                           for part, rows in {**self.test, "mixed": self.mixed}.items()}
            found[name]["delays"] = {
                part: evaluate.delays(self.test[part], predict(self.test[part].x), played)
                for part, played in self.played.items()}
            found[name]["corpus"] = probes.false_positives(predict, self.corpus)
            found[name]["corpus_worst"] = probes.by_capture(predict, self.corpus)
        return found

    def shipped_names(self):
        return [name for name in models.SHIPPED
                if os.path.exists(os.path.join(self.options.models, f"{name}.q8"))]

    def engine(self, name):
        """The verdicts of a shipped file, as the engine's own inference gives them."""
        path = os.path.join(self.options.models, f"{name}.q8")
        width = train.WIDTHS[tools.feature_set(path)]
        return lambda x: evaluate.engine_verdicts(path, x[:, :width])

    def scenarios(self):
        """What the shipped files say of each scenario of the fresh recordings. The few packets at
        its addresses that have another label (the hosts' own upkeep) are left out."""
        found, names = [], self.shipped_names()
        for part, scale in train.SCALES.items():
            rows, label_of = self.test[part], {}
            for seed in FRESH:
                run = recordings.described(self.options.recordings, seed, scale)
                for played in run["scenarios"]:
                    label_of[played["name"].rpartition("-")[0]] = played["label"]
            verdicts = {name: self.engine(name)(rows.x) for name in names}
            scenario = np.array([name.rpartition("-")[0] for name in self.played[part]])
            for name, label in sorted(label_of.items()):
                number = captured.CLASSES.index(label)
                at = (scenario == name) & (rows.y == number)
                if at.any():
                    found.append({"scenario": name, "label": label, "packets": int(at.sum()), **{
                        model: [float((of[at] == number).mean()), float((of[at] != 0).mean())]
                        for model, of in verdicts.items()}})
        return found

    def queues(self):
        """The shipped files of feature set 2 with several queues and one host memory: scores, and
        the share of verdicts that stay as with one. See queues.py."""
        found, names = [], [name for name in self.shipped_names() if train.set_of(name) == 2]
        for part, scale in train.SCALES.items():
            rows = self.test[part]
            path = recordings.place(self.options.recordings, FRESH[0], scale) + ".pcap"
            every = captured.read(path)
            kept = np.isin(every.index, rows.index[rows.capture == 0])
            rows = rows.take(rows.capture == 0)
            alone = {name: self.engine(name)(rows.x) for name in names}
            for count in QUEUES:
                x = queues.features(path, every, count)[kept]
                for name in names:
                    of = self.engine(name)(x)
                    found.append({"set": part, "queues": count, "model": name,
                                  "same": float((of == alone[name]).mean()),
                                  "packet": metrics.macro_f1(rows.y, of, K),
                                  "false_positives": metrics.false_positives(rows.y, of)})
        return found

    def ablation(self):
        """The same rows, recipe and seed; only what a model may look at differs."""
        training = self.training()

        def scores(what, name):
            fitted = self.fit(name, blind(training, ABLATION[what]))
            predict = blinded(fitted.predict, ABLATION[what])
            return {"features": what, "model": name,
                    **{part: evaluate.scores(predict, rows, captured.CLASSES)
                       for part, rows in self.test.items()}}

        return self.each("flow and hosts", scores, [(what, name) for name in ("nn", "dt", "bt", "xgboost")
                                                    for what in ABLATION])

    def all_models(self):
        """Every model on the recipe's rows, several seeds."""
        training = self.training()

        def scores(name, seed):
            return [{"model": form, "seed": seed,
                     **{part: evaluate.scores(predict, rows, captured.CLASSES)
                        for part, rows in self.test.items()},
                     "corpus": probes.false_positives(predict, self.corpus)}
                    for form, predict in forms(self.fit(name, training, seed)).items()]

        return sum(self.each("all models", scores,
                             with_seeds(models.KINDS, self.options.seeds)), [])

    def without(self):
        """Without ports and direction."""
        training = self.training()

        def scores(what, name):
            fitted = self.fit(name, blind(training, WITHOUT[what]))
            return {"without": what, "model": name,
                    "lab": evaluate.scores(blinded(fitted.predict, WITHOUT[what]),
                                           self.test["lab"], captured.CLASSES)}

        return self.each("without ports, direction", scores,
                         [(what, name) for what in WITHOUT for name in ("nn", "dt", "xgboost")])

    def left_out_captures(self):
        """Recall on each DDoS capture when no packet of it was trained on; floods with another
        service port for each flow too."""

        def recall(number, name):
            left_out = os.path.basename(self.lab.names[number])
            fitted = self.fit(name, self.training(lambda capture: capture != left_out))
            rows = self.lab.take(self.lab.capture == number)
            verdicts, moved = fitted.predict(rows.x), probes.moved_flood(fitted.predict, rows)
            return {"capture": left_out, "packets": len(rows),
                    "model": name, "own": float((verdicts == rows.y[0]).mean()),
                    "attack": float((verdicts != 0).mean()), "moved": moved}

        numbers = [n for n, path in enumerate(self.lab.names) if "stopddos" in path]
        return self.each("captures left out", recall,
                         [(number, name) for number in numbers for name in ("nn", "dt", "bt")])

    def unseen_devices(self):
        """False positives on all captures of devices that were left out of training, which is on as
        many rows else as the shipped files'."""
        device = np.array([captured.device(path) or "" for path in self.lab.names])
        kinds = sorted(set(device) - {""})

        def wrong(fold, name):
            away = kinds[fold::FOLDS]
            rows = self.lab.take(np.isin(device, away)[self.lab.capture])
            fitted = self.fit(name, self.training(
                lambda capture: capture.split(".")[0] not in away, one_in=1))
            return {"devices": away, "packets": len(rows), "model": name,
                    "false_positives": probes.false_positives(fitted.predict, rows)}

        return self.each("unseen devices", wrong, [(fold, name) for fold in range(FOLDS)
                                                   for name in ("nn", "dt", "bt")])

    def ssh(self):
        """Logins against guessed passwords over SSH, by models that learn nothing else: trained on
        the recordings, tested on the fresh ones. (Westermo's GOOD-SSH is two flows.)"""
        seeds = [seed for seed in recordings.seeds(self.options.runs)
                 if recordings.part_of(seed) == captured.TRAIN]
        rows, played = recordings.read(self.options.recordings, seeds)
        seen, _ = probes.ssh(rows, played)
        test, tools = probes.ssh(self.test["recordings"], self.played["recordings"])
        share = np.bincount(seen.y, minlength=2)
        training = dataset.Training(seen.x, seen.y, (len(seen) / 2 / share)[seen.y])

        def recalls(name):
            verdicts = self.fit(name, training, classes=("login", "guess")).predict(test.x)
            return {"model": name, **probes.ssh_recalls(test, tools, verdicts)}

        return self.each("ssh", recalls, [(name,) for name in ("nn", "dt", "forest", "xgboost")])

    def mqtt(self):
        """Every model on mqttset, with and without ports; no copies, no recordings."""
        rows = mqtt_set(self.options.data)
        part, test = (rows.take(rows.part == p) for p in (captured.TRAIN, captured.TEST))
        plain = dataset.Training(part.x, part.y, np.ones(len(part)))

        def scores(what, name, seed):
            fitted = self.fit(name, blind(plain, WITHOUT[what]), seed, MQTT)
            return [{"features": what, "model": form, "seed": seed,
                     "mqttset": evaluate.scores(blinded(predict, WITHOUT[what]), test, MQTT)}
                    for form, predict in forms(fitted).items()]

        return sum(self.each("mqttset", scores, [(what, *job) for what in ("all features", "no ports")
                                                 for job in with_seeds(models.KINDS,
                                                                       self.options.seeds)]), [])


TABLES = ("shipped", "scenarios", "ablation", "queues", "ssh", "unseen_devices", "left_out_captures",
          "all_models", "mqtt", "without")


def made_of(options):
    """A digest of what a result depends on beside the captures, which have their own."""
    paths = glob.glob(os.path.join(places.PACKAGE, "*.py")) + [
        path for path in glob.glob(os.path.join(options.models, "*.q8"))]
    paths.remove(os.path.join(places.PACKAGE, "report_text.py"))
    what = "".join(public.sha256(path) for path in sorted(paths))
    return hashlib.sha256(f"{what} {options.seeds} {options.runs} {options.one_in}".encode()
                          ).hexdigest()


def kept(path, digest):
    """What an earlier report found, or None."""
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        result = json.load(file)
    return result["found"] if result["made_of"] == digest else None


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    train.add_data_options(parser)
    parser.add_argument("--models", default=places.in_tree("models"),
                        help="folder of the shipped models")
    parser.add_argument("--out", default=places.in_tree("docs", "models"),
                        help="where evaluation.md goes")
    parser.add_argument("--run", default=places.run_folder("report"))
    parser.add_argument("--seeds", type=models.seed_number, nargs="+", default=[0, 1, 2])
    parser.add_argument("--one-in", type=models.number(int), default=8, metavar="N",
                        help="models that are trained for a table see one flow in N of recordings and "
                             "worlds (%(default)s)")
    parser.add_argument("--tables", nargs="+", default=TABLES, choices=TABLES)
    options = parser.parse_args()
    if options.runs < 1:
        parser.error("--runs: the tables need a recording at least")
    return options


def write_page():
    options = parse()
    refusal.writable_folder(options.run)
    refusal.writable_folder(options.out)
    report, results, digest = None, {}, made_of(options)
    for name in options.tables:
        path = os.path.join(options.run, f"{name}.json")
        results[name] = kept(path, digest)
        if results[name] is None:
            report = report or Report(options)
            results[name] = getattr(report, name)()
            with open(f"{path}.part", "w", encoding="utf-8") as file:
                json.dump({"made_of": digest, "found": results[name]}, file, indent=1)
            os.replace(f"{path}.part", path)
    with open(os.path.join(options.out, "evaluation.md"), "w", encoding="utf-8") as file:
        file.write(report_text.page(results))
    return 0


def main():
    return refusal.run_or_explain("report", write_page)


if __name__ == "__main__":
    sys.exit(main())
