# SPDX-License-Identifier: BSD-2-Clause
"""Every model that is trained or compared, by name, behind one function: fit."""

import argparse
import math
from dataclasses import dataclass, field, fields

import numpy as np
from tqdm import tqdm

import input_code
import nn
import qat
import tree
import workers

HIDDEN = {"nn": (64, 32), "nn-16": (16, 16)}
NAMES = ("majority", "nn", "nn-16", "dt", "forest", "bt", "xgboost")


@dataclass
class Effort:
    """How long and how networks are trained; the run folder keeps it."""

    epochs: int = 30
    rate: float = 0.01
    batch: int = 512
    tune_epochs: int = 3
    tune_rate: float = 0.001
    class_power: float = 0.1  # weights times the inverse class weight to this power
    least_leaf: int = 8  # rows in a leaf of a tree
    rounds: int = 9  # of the boosted ensemble: a tree for each class in each
    quiet: bool = False


def number(kind, zero=False, most=math.inf):
    """A type for argparse: finite, above 0 (or, with `zero`, from 0) and at most `most`."""

    def read(text):
        value = kind(text)
        if not (0 < value < math.inf or zero and value == 0) or value > most:
            raise argparse.ArgumentTypeError(
                f"{text}: must be {'from' if zero else 'above'} 0"
                + (f" to {most}" if most < math.inf else " and finite" if kind is float else ""))
        return value

    read.__name__ = kind.__name__  # argparse says it where kind() fails
    return read


seed_number = number(int, zero=True, most=2**32 - 1)  # what scikit-learn takes


def add_options(parser):
    """An option of argparse for every number of Effort."""
    for entry in fields(Effort):
        if entry.type in (int, float):
            parser.add_argument("--" + entry.name.replace("_", "-"), default=entry.default,
                                type=number(entry.type, zero=entry.name == "class_power"))


def effort_of(options):
    return Effort(**{f.name: getattr(options, f.name) for f in fields(Effort)
                     if f.type in (int, float)})


@dataclass
class Fitted:
    """A trained model; what it consists of depends on its kind. Can be pickled."""

    name: str
    seed: int
    model: object = field(default=None, repr=False)  # a tree or forest of scikit-learn, XGBoost's
    most: int = None  # the class that `majority` gives
    tables: object = field(default=None, repr=False)  # a network's input code
    float_layers: list = field(default=None, repr=False)  # before it became integers
    layers: list = field(default=None, repr=False)  # its integers

    def predict(self, x):
        """[N, features] integers -> [N] classes, as the engine computes them."""
        if self.layers is not None:
            return qat.verdicts(self.layers, self.tables, x)
        if self.model is not None and len(x):  # scikit-learn refuses to predict nothing
            return self.model.predict(x)
        return np.full(len(x), self.most or 0)

    def predict_float(self, x):
        """The same by a network's float layers."""
        return nn.logits(self.float_layers, input_code.apply(self.tables, x)).argmax(axis=1)


def balanced(y, weight, classes, power):
    """Weights times a power of the inverse class weight, mean 1."""
    total = np.bincount(y, weights=weight, minlength=classes)
    found = weight / np.maximum(total, 1e-9)[y] ** power
    return found / found.mean()


def fit(name, training, classes, seed=0, effort=Effort(), tables=None):
    """Trains a model of NAMES on a dataset.Training with `classes` classes, by number.

    tables: the input code of a network; made from the training rows where None.
    """
    weight = balanced(training.y, training.weight, classes, effort.class_power)
    if name in HIDDEN:
        return fit_network(name, training, weight, classes, seed, effort, tables)
    if name == "majority":
        most = np.bincount(training.y, minlength=classes).argmax()
        return Fitted(name, seed, most=int(most))
    if name in ("bt", "xgboost"):
        model = fit_boosted(name, training, weight, seed, effort)
    else:
        make = {"dt": tree.fit_tree, "forest": tree.fit_forest}[name]
        model = make(training.x, training.y, weight, seed=seed, least_leaf=effort.least_leaf)
    return Fitted(name, seed, model)


def fit_boosted(name, training, weight, seed, effort):
    """XGBoost: `bt`, as many trees as a packet has time for, and `xgboost`, 100 rounds of them."""
    import xgboost

    rounds, depth, rate = (effort.rounds, 7, 0.7) if name == "bt" else (100, 8, 0.3)
    model = xgboost.XGBClassifier(n_estimators=rounds, max_depth=depth, learning_rate=rate,
                                  subsample=0.8, n_jobs=1, tree_method="hist", random_state=seed)
    return model.fit(training.x, training.y, sample_weight=weight)


def fit_network(name, training, weight, classes, seed, effort, tables):
    tables = input_code.tables_of(training.x) if tables is None else tables
    codes = input_code.apply(tables, training.x).astype(np.uint8)
    rng = nn.deterministic(seed)

    def bar(what):
        return lambda n: tqdm(range(n), f"{name} seed {seed} {what}", mininterval=2, leave=False,
                              position=workers.place(), disable=effort.quiet)

    model = nn.network([codes.shape[1], *HIDDEN[name], classes])
    nn.fit(model, codes, training.y, weight, rng, effort.epochs, effort.rate, effort.batch,
           bar("float"))
    start, factor = qat.quantise(nn.layers_of(model), codes.astype(np.float32))
    layers = qat.tune(start, factor, codes, training.y, weight, rng, effort.tune_epochs,
                      effort.tune_rate, effort.batch, bar("integer"))
    return Fitted(name, seed, tables=tables, float_layers=nn.layers_of(model), layers=layers)
