# SPDX-License-Identifier: BSD-2-Clause
"""Trains the shipped models: captures in, ONNX, calibration rows and .q8 files out.

    sudo train/train.py --data ../shared/data --out my

Makes the project's own recordings first, where they aren't there yet; only that needs root. The run
folder (train/runs/...) keeps the configuration, metrics and confusion matrices.
"""

import argparse
import dataclasses
import json
import os
import platform
import sys
import time
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
import sklearn
import torch
from tqdm import tqdm

from . import (captured, dataset, input_code, metrics, models, pieces, places, probes, recordings,
               refusal, tools, workers, worlds)

K = len(captured.CLASSES)
WIDTHS = {1: len(captured.FEATURES), 2: len(captured.HOST_FEATURES)}  # of a row, by feature set
SCALES = {"recordings": "medium", "busy": "busy"}  # of our recordings, by the name of the set
CHOICES = {**{name: models.Shipped(name, 2) for name in models.RUNNABLE}, **models.SHIPPED}
CALIBRATION = {1: "calibration1.csv", 2: "calibration.csv"}  # by feature set
# Where the shipped models' differs from models.Effort.
EFFORT = {"epochs": 24, "batch": 1024, "decay": 0.01}
# Attackers use the tools that were recorded; what benign hosts say is of any size. A single tree
# would lose eleven points of F1 at guessed passwords by it.
MIXED, MIXED_PLAIN = worlds.Mixture(resized=0.5), worlds.Mixture()
# Devices keep connections open for days: what the lab set's look like from their middle on.
LATE, LATE_PLAYS = 0.8, 3
CODE_ROWS, CALIBRATION_ROWS = 200_000, 6_000


def spread(y, most, rng):
    """At most `most` row numbers, every class in its share and none below its own 200."""
    chosen = []
    for label in np.unique(y):
        at = np.flatnonzero(y == label)
        count = min(len(at), max(200, round(most * len(at) / len(y))))
        chosen.append(rng.choice(at, count, replace=False))
    return np.sort(np.concatenate(chosen))


def set_of(name):
    """The feature set of a model that this script makes."""
    return CHOICES[name].feature_set


def is_plain(name):
    """Whether it is trained with plain weights on plain worlds: see MIXED."""
    return models.KINDS[CHOICES[name].kind].plain


def prepared_as(name):
    """Which Prepared is its."""
    return set_of(name), is_plain(name)


def make_code(training, folder, rng, classes=captured.CLASSES):
    """code.json made by afxdp-model where it is built, in numpy where it isn't."""
    path, at = os.path.join(folder, "code.json"), spread(training.y, CODE_ROWS, rng)
    if tools.present():
        features = os.path.join(folder, "code.csv")
        tools.write_features(features, training.x[at], [classes[y] for y in training.y[at]])
        tools.code(features, path)
        os.remove(features)
    else:
        with open(path, "w", encoding="utf-8") as file:
            file.write(input_code.to_json(input_code.tables_of(training.x[at]),
                                          captured.SETS[training.x.shape[1]]))
    with open(path, encoding="utf-8") as file:
        text = file.read()
    return text, input_code.from_json(text, captured.SETS[training.x.shape[1]])


def summaries(predict, sets):
    return {name: metrics.summary(rows.y, predict(rows.x), captured.CLASSES)
            for name, rows in sets.items()}


@dataclass
class Prepared:
    """What models of one feature set are trained, validated and tested with: see prepared_as."""

    training: dataset.Training
    valid: dict  # name -> captured.Rows
    test: dict
    code: str  # the text of code.json
    tables: list
    calibration: str  # a path

    @classmethod
    def of(cls, sets, feature_set, recipe, run, out):
        width = WIDTHS[feature_set]
        cut = {name: dataclasses.replace(rows, x=rows.x[:, :width]) for name, rows in sets.items()}
        train, valid, test = (part_of(cut, part) for part in (captured.TRAIN, captured.VALID, captured.TEST))
        training, rng = dataset.prepare(train, recipe), np.random.default_rng(recipe.seed)
        text, tables = make_code(training, run, rng)
        at = spread(training.y, CALIBRATION_ROWS, rng)
        calibration = os.path.join(out, CALIBRATION[feature_set])
        tools.write_features(calibration, training.x[at], [captured.CLASSES[y] for y in training.y[at]])
        return cls(training, valid, test, text, tables, calibration)


def fit_all(prepared, options, effort):
    """{model: (the seed that validates best, every seed's scores)}. prepared: see prepared_as.

    Best: macro-F1 less false positives and less what is called an attack of the first SYNs to the
    service where that is most, mean over the validation sets.
    """
    jobs = [(name, seed) for name in options.models for seed in options.seeds]

    def fit(name, seed):
        its = prepared[prepared_as(name)]
        fitted = models.fit(CHOICES[name].kind, its.training, K, seed, effort, its.tables)
        scores = summaries(fitted.predict, its.valid)
        for part, rows in its.valid.items():
            called = [0.0]
            if len(probes.client_syns(rows)):
                called = [moved for _, _, moved in probes.first_syn(fitted.predict, rows).values()]
            scores[part]["first_syn"] = max(called)
        return fitted, scores

    found = {}
    for (name, _), (fitted, scores) in zip(jobs, tqdm(workers.each(fit, jobs), "models",
                                                      len(jobs))):
        choice = float(np.mean([s["macro_f1"] - s["false_positives"] - s["first_syn"]
                                for s in scores.values()]))
        found.setdefault(name, []).append((choice, fitted, scores))
    return {name: (metrics.best(candidates)[1],
                   [{"seed": f.seed, "choice": round(c, 5), **s} for c, f, s in candidates])
            for name, candidates in found.items()}


def write_onnx(fitted, path, classes, text):
    """A models.Fitted as ONNX; text: the code.json that a network was trained with."""
    models.KINDS[fitted.name].write(fitted, path, classes, text)


def export(name, fitted, its, out, facts):
    """ONNX, provenance and, where afxdp-model is built, the .q8. its: Prepared."""
    path = os.path.join(out, f"{name}.onnx")
    write_onnx(fitted, path, captured.CLASSES, its.code)
    about = os.path.join(out, f"{name}.provenance.json")
    tools.write_provenance(about, name, facts, models.SHIPPED)
    if tools.present():
        tools.import_onnx(path, its.calibration, about, os.path.join(out, f"{name}.q8"))


def show(name, part, score):
    print(f"{name:8} {part:10} macro-F1 {score['macro_f1']:.4f}  false positives "
          f"{score['false_positives']:.4f}  "
          + "  ".join(f"{c} {v:.3f}" for c, v in score["f1"].items()))


def add_data_options(parser):
    parser.add_argument("--data", required=True, help="folder of the public captures")
    parser.add_argument("--recordings", metavar="DIR", help="our own recordings (%(default)s)",
                        default=places.run_folder("recordings"))
    parser.add_argument("--runs", type=models.number(int, zero=True), default=16, metavar="N",
                        help="recordings to make where they are missing, that many seeds from "
                             f"{recordings.FIRST} on (%(default)s)")


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add_data_options(parser)
    parser.add_argument("--out", default="models", help="where the models go")
    parser.add_argument("--run", help="run folder (train/runs/DATE)")
    parser.add_argument("--models", nargs="+", default=[*models.SHIPPED], metavar="NAME",
                        choices=CHOICES,
                        help=f"some of {', '.join(CHOICES)}: a 1 behind it says of "
                             f"feature set 1, else set 2 ({' '.join(models.SHIPPED)})")
    parser.add_argument("--seeds", type=models.seed_number, nargs="+", default=[0, 1, 2])
    models.add_options(parser)
    parser.set_defaults(**EFFORT)
    return parser.parse_args()


def record_and_read(options, seeds, part_of):
    """Our recordings of both scales, made where they aren't there: {name: Rows}, the scenario's
    instance of each row, likewise, and their pieces."""
    def read(name, seed):
        scale = SCALES[name]
        rows, instances = recordings.read(options.recordings, [seed], scale=scale)
        return rows, instances, pieces.of_recording(options.recordings, seed, scale, part_of(seed), rows)

    for scale in SCALES.values():
        recordings.make(options.recordings, seeds, scale)
    jobs = [(name, seed) for seed in seeds for name in SCALES]
    sets, played, found = {}, {}, []
    for (name, _), (rows, instances, its) in zip(jobs, tqdm(workers.each(read, jobs), "recordings",
                                                            len(jobs))):
        sets.setdefault(name, []).append(rows)
        played.setdefault(name, []).append(instances)
        found += its
    return ({name: captured.join(rows) for name, rows in sets.items()},
            {name: np.concatenate(instances) for name, instances in played.items()}, found)


def read(options):
    """The lab set and, unless --runs is 0, our recordings, by name; the pieces of all, and those of
    the lab set."""
    sets = {"lab": captured.lab_set(options.data, lambda items: tqdm(items, "captures"))}
    every, seeds = [], recordings.seeds(options.runs)
    if seeds:
        recorded, _, every = record_and_read(options, seeds, recordings.part_of)
        sets.update(recorded)
    of_lab = pieces.of_lab(sets["lab"])
    return sets, every + of_lab, of_lab


def mix(sets, every, of_lab, plays, mixture):
    """The sets and worlds mixed from all of what `read` gives; and the name of the piece of each row
    of the worlds.

    plays: how often a piece plays in the worlds that train, which are mixed by `mixture`; in the
    others once.
    """
    made = [worlds.make(every, part, *((plays, 0, mixture) if part == captured.TRAIN else (1, 0)),
                        progress=lambda items, count: tqdm(items, "worlds", count))
            for part in sorted({piece.part for piece in every})]
    made.append(worlds.make(of_lab, captured.TRAIN, LATE_PLAYS, 2,
                            dataclasses.replace(mixture, late=LATE)))
    return ({**sets, "worlds": captured.join([rows for rows, _ in made])},
            np.concatenate([names for _, names in made]))


def part_of(sets, part):
    """The rows of a part, by name; sets that have none are left out."""
    found = {name: rows.take(rows.part == part) for name, rows in sets.items()}
    return {name: rows for name, rows in found.items() if len(rows)}


def made_with():
    """What the bits of a model depend on beside data and seed."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        processor = [line.partition(":")[2].strip() for line in file
                     if line.startswith("model name")]
    return {"cpu": (processor or [platform.machine()])[0], "python": platform.python_version(),
            "torch": torch.__version__, "scikit-learn": sklearn.__version__,
            "xgboost": version("xgboost")}


def fit_and_export(options):
    recipe, start, effort = dataset.Recipe(), time.time(), models.effort_of(options)
    run = options.run or places.run_folder(time.strftime("%Y%m%d-%H%M%S"))
    for folder in (run, options.out):
        refusal.writable_folder(folder)
    with refusal.reading("captures and flow tables"):
        found = read(options)
        sets = {plain: mix(*found, recipe.plays, MIXED_PLAIN if plain else MIXED)[0]
                for plain in sorted({is_plain(name) for name in options.models})}
    prepared = {}
    # Plain ones first: the calibration rows of the others stay, where there are others.
    for key in sorted({prepared_as(name) for name in options.models}, reverse=True):
        feature_set, plain = key
        its = Prepared.of(sets[plain], feature_set, recipe, run, options.out)
        for name, rows in its.valid.items():
            metrics.validates(rows.y, captured.CLASSES, f"{name}, validation part")
        prepared[key] = its

    versions = made_with()
    report = {"options": vars(options), "recipe": dataclasses.asdict(recipe), **versions,
              "rows": {f"set {number}{', plain' if plain else ''}": len(its.training.y)
                       for (number, plain), its in prepared.items()},
              "models": {}}
    for name, (fitted, candidates) in fit_all(prepared, options, effort).items():
        its = prepared[prepared_as(name)]
        export(name, fitted, its, options.out,
               {"recordings": recordings.named(options.runs), "seed": fitted.seed, **versions})
        scores = summaries(fitted.predict, its.test)
        report["models"][name] = {"seed": fitted.seed, "valid": candidates, "test": scores}
        for part, rows in its.test.items():
            show(name, part, scores[part])
            metrics.confusion_png(os.path.join(run, f"{name}.{part}.png"), rows.y,
                                  fitted.predict(rows.x), captured.CLASSES,
                                  f"{name}, {part} test split, per packet")
    report["seconds"] = round(time.time() - start, 1)
    with open(os.path.join(run, "metrics.json"), "w", encoding="utf-8") as file:
        json.dump(report, file, indent=1)
    print(f"{report['seconds']} s; run folder {run}")


def main():
    options = parse()
    return refusal.run_or_explain("train", lambda: fit_and_export(options))


if __name__ == "__main__":
    sys.exit(main())
