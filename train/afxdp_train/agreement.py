# SPDX-License-Identifier: BSD-2-Clause
"""How often the integer models say what their float originals say, as a table.

    train/agreement.py --data ../shared/data

Networks, on the lab set's test split: trained in float as train.py does, one per seed, and quantised
after training by `afxdp-model import`; the shipped one, fine-tuned in integers, against its ONNX
file run in float, taken over exactly and with searched scales. Trees, on every packet of the lab
set: fitted by scikit-learn, and the shipped one against its ONNX file. Exit status 1 where a bound
is missed: 99.5 % and 0.3 points for the shipped network's shape, in all but one of the seeds; no
difference for trees.
"""

import argparse
import os
import sys
import tempfile

import numpy as np
import onnx
from onnx import numpy_helper

from . import (captured, dataset, evaluate, export_onnx, input_code, metrics, models, places,
               refusal, tools, train)

LEAST_AGREEMENT, MOST_LOSS = 0.995, 0.3  # share; points of macro-F1
K = len(captured.CLASSES)


def imported(folder, path, calibration):
    """The .q8 of an ONNX file by the C importer."""
    output = os.path.join(folder, "model.q8")
    tools.run("import", path, "--calibrate", calibration, "-o", output, quiet=True)
    return output


def without_shifts(folder, path):
    """The ONNX network at `path` as one that nobody trained in integers: the importer searches."""
    model, output = onnx.load(path), os.path.join(folder, "float.onnx")
    kept = [p for p in model.metadata_props if p.key != "afxdp.shifts"]
    del model.metadata_props[:]
    model.metadata_props.extend(kept)
    onnx.save(model, output)
    return output


def run_network(path, x):
    """The verdicts of an ONNX network in float32, and the text of its input code."""
    model = onnx.load(path)
    code = next(p.value for p in model.metadata_props if p.key == "afxdp.code")
    weights = {w.name: numpy_helper.to_array(w) for w in model.graph.initializer}
    value = input_code.apply(input_code.from_json(code, captured.SETS[x.shape[1]]), x).astype(np.float32) / 127
    for node in model.graph.node:
        if node.op_type == "Gemm":
            value = value @ weights[node.input[1]].T + weights[node.input[2]]
        else:
            value = np.maximum(value, 0)
    return value.argmax(axis=1)


def run_tree(path, x):
    """The verdicts of an ONNX tree by the operator's definition: float32(x) <= threshold."""
    a = {attribute.name: onnx.helper.get_attribute_value(attribute)
         for attribute in onnx.load(path).graph.node[0].attribute}
    if any(a["nodes_treeids"]):
        raise ValueError(f"{path} has more than one tree")
    if a["nodes_nodeids"] != list(range(len(a["nodes_nodeids"]))):
        raise ValueError(f"{path}: nodes aren't numbered in order")
    feature, yes, no = (np.array(a[n]) for n in ("nodes_featureids", "nodes_truenodeids",
                                                 "nodes_falsenodeids"))
    branch = np.array([mode == b"BRANCH_LEQ" for mode in a["nodes_modes"]])
    threshold = np.array(a["nodes_values"], np.float32)
    weight = np.zeros((len(branch), K))
    np.add.at(weight, (a["class_nodeids"], a["class_ids"]), a["class_weights"])
    at, values = np.zeros(len(x), np.int64), x.astype(np.float32)
    while branch[at].any():
        low = values[np.arange(len(x)), feature[at]] <= threshold[at]
        at = np.where(branch[at], np.where(low, yes[at], no[at]), at)
    return weight[at].argmax(axis=1)


def compare(what, rows, float_verdicts, integer_verdicts):
    """Prints a line of the table; agreement and loss in points."""
    same = float_verdicts == integer_verdicts
    scores = [100 * metrics.macro_f1(rows.y, v, K) for v in (float_verdicts, integer_verdicts)]
    print(f"| {what} | {len(rows)} | {(~same).sum()} | {100 * same.mean():.2f} % | {scores[0]:.2f} "
          f"| {scores[1]:.2f} | {scores[1] - scores[0]:+.2f} |", flush=True)
    return same.mean(), scores[0] - scores[1]


def compare_networks(options, name, training, text, tables, test, calibration):
    """Every seed of one shape; how many keep the bounds."""
    kept, effort = 0, models.Effort(10, 0.01, 2048, tune_epochs=0, quiet=True)
    shape = "-".join(map(str, (training.x.shape[1], *models.KINDS[name].hidden, K)))
    for seed in options.seeds:
        layers = models.fit(name, training, K, seed, effort, tables).float_layers
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.onnx")
            export_onnx.export_nn(layers, None, path, captured.CLASSES, text)
            same, loss = compare(f"{shape}, seed {seed}", test, run_network(path, test.x),
                                 evaluate.engine_verdicts(imported(folder, path, calibration),
                                                          test.x))
        kept += same >= LEAST_AGREEMENT and loss <= MOST_LOSS
    return kept


def compare_trees(training, lab, calibration):
    """scikit-learn's own verdicts against those of the engine; how many packets differ."""
    different = 0
    for name in ("dt", "forest"):
        fitted = models.fit(name, training, K)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.onnx")
            export_onnx.export_trees(fitted.model, path, captured.CLASSES)
            verdicts = evaluate.engine_verdicts(imported(folder, path, calibration), lab.x)
        found = fitted.predict(lab.x)
        compare(f"{name} of scikit-learn", lab, found, verdicts)
        different += (found != verdicts).sum()
    return different


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", required=True, help="folder of the public captures")
    parser.add_argument("--models", default=places.in_tree("models"),
                        help="folder of the shipped models")
    parser.add_argument("--seeds", type=models.seed_number, nargs="*", default=[0, 1, 2, 3, 4])
    return parser.parse_args()


def compare_all():
    options, recipe = parse(), dataset.Recipe()
    lab = captured.lab_set(options.data)
    shipped = tools.feature_set(os.path.join(options.models, "nn.q8"))
    lab.x = lab.x[:, : train.WIDTHS[shipped]]
    test = lab.take(lab.part == captured.TEST)
    training = dataset.prepare({"lab": lab.take(lab.part == captured.TRAIN)}, recipe)
    rng, missed = np.random.default_rng(recipe.seed), []
    print("| model | packets | differ | agreement | macro-F1 float | integer | points |\n"
          "|---|---:|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        text, tables = train.make_code(training, folder, rng)
        at = train.spread(training.y, train.CALIBRATION_ROWS, rng)
        calibration = os.path.join(folder, "calibration.csv")
        tools.write_features(calibration, training.x[at], [captured.CLASSES[y] for y in training.y[at]])

        path = os.path.join(options.models, "nn")
        found = run_network(f"{path}.onnx", test.x)
        searched = imported(folder, without_shifts(folder, f"{path}.onnx"), calibration)
        for what, model in (("shipped nn.q8", f"{path}.q8"),
                            ("shipped nn.onnx, scales searched", searched)):
            same, loss = compare(what, test, found, evaluate.engine_verdicts(model, test.x))
            if same < LEAST_AGREEMENT or loss > MOST_LOSS:
                missed.append(what)
        for name in models.NETWORKS:
            kept = compare_networks(options, name, training, text, tables, test, calibration)
            if name == "nn" and kept < len(options.seeds) - 1:
                missed.append(f"{len(options.seeds) - kept} seeds")
        path = os.path.join(options.models, "dt")
        found, verdicts = run_tree(f"{path}.onnx", lab.x), evaluate.engine_verdicts(f"{path}.q8", lab.x)
        compare("shipped dt.q8", lab, found, verdicts)
        if (found != verdicts).any() or compare_trees(training, lab, calibration):
            missed.append("a tree")
    print(f"missed: {', '.join(missed)}" if missed else "every bound is kept")
    return 1 if missed else 0


def main():
    return refusal.run_or_explain("agreement", compare_all)


if __name__ == "__main__":
    sys.exit(main())
