# SPDX-License-Identifier: BSD-2-Clause
"""Every model that is trained or compared, by name, behind one function: fit. KINDS has them."""

import argparse
import math
from dataclasses import dataclass, field, fields

import numpy as np
from tqdm import tqdm

from . import export_onnx, float_network, input_code, qat, tree, workers, xgboost_onnx


@dataclass
class Effort:
    """How long and how networks are trained; the run folder keeps it."""

    epochs: int = 30
    rate: float = 0.01
    batch: int = 512
    decay: float = 0.0  # of weights, in units of the rate
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
                                type=number(entry.type, zero=entry.name in ("class_power", "decay")))


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
        return float_network.logits(self.float_layers, input_code.apply(self.tables, x)).argmax(axis=1)


def balanced(y, weight, classes, power):
    """Weights times a power of the inverse class weight, mean 1."""
    total = np.bincount(y, weights=weight, minlength=classes)
    found = weight / np.maximum(total, 1e-9)[y] ** power
    return found / found.mean()


@dataclass
class Job:
    """What a model is to be trained on, and how."""

    name: str
    training: object  # a dataset.Training
    weight: np.ndarray  # [N] of its rows
    classes: int
    seed: int
    effort: Effort
    tables: object  # the input code of a network; None: made from the training rows


def fit_majority(job):
    most = np.bincount(job.training.y, minlength=job.classes).argmax()
    return Fitted(job.name, job.seed, most=int(most))


def fit_trees(job, make):
    model = make(job.training.x, job.training.y, job.weight, seed=job.seed,
                 least_leaf=job.effort.least_leaf)
    return Fitted(job.name, job.seed, model)


def fit_boosted(job, rounds, depth, rate):
    import xgboost

    model = xgboost.XGBClassifier(n_estimators=rounds, max_depth=depth, learning_rate=rate,
                                  subsample=0.8, n_jobs=1, tree_method="hist",
                                  random_state=job.seed)
    return Fitted(job.name, job.seed,
                  model.fit(job.training.x, job.training.y, sample_weight=job.weight))


def fit_network(job, hidden):
    name, seed, training, effort = job.name, job.seed, job.training, job.effort
    weight, tables = job.weight, job.tables
    tables = input_code.tables_of(training.x) if tables is None else tables
    codes = input_code.apply(tables, training.x).astype(np.uint8)
    rng = float_network.deterministic(seed)

    def bar(what):
        return lambda n: tqdm(range(n), f"{name} seed {seed} {what}", mininterval=2, leave=False,
                              position=workers.place(), disable=effort.quiet)

    model = float_network.network([codes.shape[1], *hidden, job.classes])
    float_network.fit(model, codes, training.y, weight, rng, effort.epochs, effort.rate, effort.batch,
                      decay=effort.decay, progress=bar("float"))
    start, factor = qat.quantise(float_network.layers_of(model), codes.astype(np.float32))
    layers = qat.tune(start, factor, codes, training.y, weight, rng, effort.tune_epochs,
                      effort.tune_rate, effort.batch, bar("integer"))
    return Fitted(name, seed, tables=tables, float_layers=float_network.layers_of(model), layers=layers)


@dataclass(frozen=True)
class Kind:
    """All that makes models of a kind; a new one is an entry of KINDS."""

    fit: object  # Job -> Fitted
    write: object = None  # (Fitted, path, classes, text of code.json): ONNX; None: compared only
    about: str = ""  # for those who choose
    plain: bool = False  # takes a Training's plain weights
    hidden: tuple = ()  # widths of a network's layers between inputs and classes


def network(about, *hidden):
    return Kind(lambda job: fit_network(job, hidden),
                lambda fitted, path, classes, text: export_onnx.export_nn(
                    *qat.to_float(fitted.layers), path, classes, text), about, hidden=hidden)


def trees(about, make, plain=False):
    return Kind(lambda job: fit_trees(job, make),
                lambda fitted, path, classes, text: export_onnx.export_trees(
                    fitted.model, path, classes), about, plain)


KINDS = {
    "majority": Kind(fit_majority),
    "nn": network("a network with layers of 64 and 32", 64, 32),
    "nn-16": network("with two of 16", 16, 16),
    "dt": trees("a tree", tree.fit_tree, plain=True),
    "forest": trees("of 10", tree.fit_forest),
    "bt": Kind(lambda job: fit_boosted(job, job.effort.rounds, 7, 0.7),  # as a packet has time for
               lambda fitted, path, classes, text: xgboost_onnx.export_xgboost(
                   fitted.model, path, classes), "boosted trees"),
    "xgboost": Kind(lambda job: fit_boosted(job, 100, 8, 0.3)),
}
NETWORKS = tuple(name for name, kind in KINDS.items() if kind.hidden)
RUNNABLE = tuple(name for name, kind in KINDS.items() if kind.write)


@dataclass(frozen=True)
class Shipped:
    kind: str
    feature_set: int


SHIPPED = {"nn": Shipped("nn", 2), "dt": Shipped("dt", 2), "bt": Shipped("bt", 2),
           "nn1": Shipped("nn", 1), "dt1": Shipped("dt", 1)}


def fit(name, training, classes, seed=0, effort=Effort(), tables=None):
    """Trains a model of KINDS on a dataset.Training with `classes` classes, by number.

    tables: the input code of a network; made from the training rows where None.
    """
    kind = KINDS[name]
    plain = kind.plain and training.plain_weight is not None
    weight = balanced(training.y, training.plain_weight if plain else training.weight, classes,
                      effort.class_power)
    return kind.fit(Job(name, training, weight, classes, seed, effort, tables))
