#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""usage: measure.py [ROWS]   Imports what each framework makes and counts verdicts that differ from
the framework's own, on ROWS (100,000) rows fuzzed around thresholds. Prints the table of docs/onnx.md
("What was tried") and fails where a bound of it doesn't hold. ONNXRUNTIME names a folder with ONNX
Runtime, as onnxruntime/compare.sh installs it: what it says of the ONNX files is compared as well.

LightGBM isn't in Debian: its files are written and evaluated by lightgbm.py, from the format alone."""

import csv
import json
import os
import subprocess
import sys
import tempfile
import warnings

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, "test", "cli"), os.path.join(ROOT, "train")]

try:
    import numpy as np
    import torch
    import xgboost
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier
    from sklearn.preprocessing import StandardScaler
    from sklearn.tree import DecisionTreeClassifier
    from afxdp_train import export_onnx
    import graphs
    import lightgbm
    from afxdp_train import tree as trees
except ImportError as missing:
    print(f"skipped: {missing}", file=sys.stderr)
    sys.exit(77)

warnings.filterwarnings("ignore")
TOOL = os.path.join(os.environ.get("AFXDP_BUILD", os.path.join(ROOT, "build")), "bin", "afxdp-model")
RNG = np.random.default_rng(20261128)
RUNTIME = os.environ.get("ONNXRUNTIME")
runtime_differs = None  # how often ONNX Runtime says otherwise than the model last imported


def calibration():
    with open(os.path.join(ROOT, "models", "calibration1.csv"), encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = sorted({row["label"] for row in rows})
    return (np.array([[int(row[name]) for name in graphs.NAMES] for row in rows]),
            np.array([names.index(row["label"]) for row in rows]), names)


X, Y, NAMES = calibration()


def write(path, x, labels):
    with open(path, "w", encoding="utf-8") as file:
        file.write(",".join(["index"] + graphs.NAMES + ["label"]) + "\n")
        for i, (row, label) in enumerate(zip(x.tolist(), labels)):
            file.write(",".join(map(str, [i] + row + [label])) + "\n")


def fuzzed(count, splits=()):
    """Rows of the calibration set, mixed with each other, each with one value put at or beside a
    threshold, or at most 1 % away."""
    rows = X[RNG.integers(len(X), size=count)].copy()
    other = X[RNG.integers(len(X), size=count)]
    swap = RNG.random(rows.shape) < 0.1
    rows[swap] = other[swap]
    if len(splits):
        chosen = [splits[i] for i in RNG.integers(len(splits), size=count)]
        beside = np.rint([t for _, t in chosen]).astype(np.int64) + RNG.integers(-1, 2, count)
        rows[np.arange(count), [f for f, _ in chosen]] = np.clip(beside, 0, 2**32 - 1)
    else:
        rows = np.rint(rows * (1 + RNG.uniform(-0.01, 0.01, rows.shape))).astype(np.int64)
    return np.clip(rows, 0, 2**32 - 1)


def verdicts(folder, model, rows, names, arguments, names_option=True):
    quantised, table, out = (os.path.join(folder, name) for name in ("m.q8", "r.csv", "v.csv"))
    write(table, rows, [""] * len(rows))
    command = [TOOL, "import", model, "--calibrate", os.path.join(folder, "c.csv"), "-o", quantised,
               *arguments]
    if names_option:
        command += ["--classes", ",".join(names)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    subprocess.run([TOOL, "eval", quantised, table, "--verdicts", out], check=True,
                   stdout=subprocess.DEVNULL)
    with open(out, encoding="utf-8") as file:
        found = np.array([names.index(row["class"]) for row in csv.DictReader(file)])
    if RUNTIME and model.endswith(".onnx"):
        ask_runtime(model, coded(folder, rows) if "--code" in arguments else rows, names, found)
    return found


def ask_runtime(model, values, names, found):
    global runtime_differs
    done = subprocess.run(["node", os.path.join(HERE, "onnxruntime", "verdicts.js"), model,
                           str(len(values)), str(values.shape[1])], check=True,
                          input=np.ascontiguousarray(values, "<f8").tobytes(),
                          stdout=subprocess.PIPE)
    said = [names.index(word) if word in names else int(word)
            for word in done.stdout.decode().split()]
    runtime_differs = int((np.array(said) != found).sum())


def compare(got, margins, trees_count):
    """(differences, those that are no ties: sums closer than trees x 2^-30 of the largest)."""
    expected = margins.argmax(axis=1)
    best = np.sort(margins, axis=1)
    gap = (best[:, -1] - best[:, -2]) / np.abs(margins).max()
    different = got != expected
    return int(different.sum()), int((different & (gap > trees_count * 2.0**-30)).sum())


def tree_splits(model):
    found = set()
    for tree in trees.trees_of(model):
        inner = tree.children_left >= 0
        found |= set(zip(tree.feature[inner].tolist(), tree.threshold[inner].tolist()))
    return sorted(found)


def noisy():
    """Half of the labels at random: what trees that are as large as can be are grown on."""
    return np.where(RNG.random(len(Y)) < 0.5, RNG.integers(len(NAMES), size=len(Y)), Y)


def size_of(children):
    """(nodes, depth) of trees, given each one's left and right children."""
    nodes = depth = 0
    for left, right in children:
        levels = np.zeros(len(left), dtype=int)
        for at in range(len(left)):
            if left[at] >= 0:
                levels[[left[at], right[at]]] = levels[at] + 1
        nodes, depth = nodes + len(left), max(depth, levels.max())
    return nodes, int(depth)


def check_size(children, nodes, depth):
    found = size_of(children)
    assert found[0] >= nodes and found[1] == depth, found


def sklearn_trees(folder, model, count, y=Y):
    export_onnx.export_trees(model.fit(X, y), os.path.join(folder, "m.onnx"), NAMES)
    rows = fuzzed(count, tree_splits(model))
    got = verdicts(folder, os.path.join(folder, "m.onnx"), rows, NAMES, (), False)
    number = len(trees.trees_of(model))
    if number == 1:
        return (int((got != model.predict(rows)).sum()),) * 2
    return compare(got, model.predict_proba(rows), number)


def largest_forest(folder, count):
    model = RandomForestClassifier(1024, max_depth=24, max_leaf_nodes=512, random_state=1)
    result = sklearn_trees(folder, model, count, noisy())
    check_size([(tree.children_left, tree.children_right) for tree in trees.trees_of(model)],
               0.99 * 2**20, 24)
    return result


def booster(folder, count, form, classes, labels=Y, **more):
    y = np.minimum(labels, classes - 1)
    names = NAMES[:classes]
    write(os.path.join(folder, "c.csv"), X, [names[i] for i in y])
    parameters = {"objective": "binary:logistic" if classes == 2 else "multi:softprob",
                  "max_depth": 8, "nthread": 1, "verbosity": 0, "base_score": 0.3, **more}
    if classes > 2:
        parameters["num_class"] = classes
    made = xgboost.train(parameters, xgboost.DMatrix(X.astype(np.float32), label=y), 60)
    path = os.path.join(folder, f"m.{form}")
    made.save_model(path)
    booster_of = json.loads(made.save_raw("json"))["learner"]["gradient_booster"]
    grown = booster_of.get("gbtree", booster_of)["model"]["trees"]
    if parameters["max_depth"] == 24:
        check_size([(tree["left_children"], tree["right_children"]) for tree in grown], 0, 24)
    splits = [(f, t) for tree in grown
              for f, t, left in zip(tree["split_indices"], tree["split_conditions"],
                                    tree["left_children"]) if left >= 0]
    rows = fuzzed(count, splits)
    margins = made.predict(xgboost.DMatrix(rows.astype(np.float32)), output_margin=True)
    if classes == 2:
        margins = np.column_stack([np.zeros_like(margins), margins])
    got = verdicts(folder, path, rows, names, ())
    return compare(got, margins, 60)


def deep_booster(folder, count):
    return booster(folder, count, "json", 5, noisy(), max_depth=24, min_child_weight=0, eta=0.01)


def lightgbm_text(folder, count, classes):
    model = lightgbm.Model(RNG, X, classes, 60, 15)
    names = NAMES[:classes]
    write(os.path.join(folder, "c.csv"), X, [names[i] for i in model.margins(X).argmax(axis=1)])
    path = os.path.join(folder, "m.txt")
    with open(path, "w", encoding="utf-8") as file:
        file.write(model.text())
    rows = fuzzed(count, model.splits())
    return compare(verdicts(folder, path, rows, names, ()), model.margins(rows), 60)


def coded(folder, rows):
    table, out, code = (os.path.join(folder, name) for name in ("k.csv", "x.csv", "code.json"))
    write(table, X, [""] * len(X))
    subprocess.run([TOOL, "code", table, "-o", code], check=True)
    with open(code, encoding="utf-8") as file:
        tables = np.array(json.load(file)["tables"])
    log = np.floor(np.log2(np.maximum(rows, 1).astype(np.float64))).astype(np.int64)
    at = np.where(rows < 16, rows, ((log - 3) << 4) + ((rows >> np.maximum(log - 4, 0)) & 15))
    return tables[np.arange(12), at] / 127


def network_nodes(model, value):
    nodes, tensors = [], {}
    for i, (weight, bias) in enumerate(zip(model.coefs_, model.intercepts_)):
        tensors[f"w{i}"], tensors[f"b{i}"] = weight.astype(np.float32), bias.astype(np.float32)
        nodes += [graphs.node("MatMul", f"{value} w{i}", f"p{i}"),
                  graphs.node("Add", f"p{i} b{i}", f"s{i}")]
        value = f"s{i}"
        if i + 1 < len(model.coefs_):
            nodes.append(graphs.node("Relu", value, f"h{i}"))
            value = f"h{i}"
    return nodes + [graphs.node("Softmax", value, "y")], tensors


def perceptron(folder, count, front):
    """MLPClassifier as skl2onnx writes it, behind the scaling named."""
    rows = fuzzed(count)
    nodes, tensors, value, arguments = [graphs.node("Cast", "x", "f", to=1)], {}, "f", ()
    scale = StandardScaler()
    if front == "code":
        train, test = coded(folder, X), coded(folder, rows)
        arguments = ("--code", os.path.join(folder, "code.json"))
    else:
        train, test = X.astype(float), rows.astype(float)
        if front == "log":
            train, test = np.log1p(train), np.log1p(test)
            nodes += [graphs.node("Add", "f one", "l"), graphs.node("Log", "l", "m")]
            tensors, value = {"one": np.float32(1)}, "m"
        train = scale.fit_transform(train)
        test = scale.transform(test)
        nodes.append(graphs.ml("Scaler", value, "z", offset=scale.mean_.tolist(),
                               scale=(1 / scale.scale_).tolist()))
        value = "z"
    model = MLPClassifier((32, 32), max_iter=150, random_state=1).fit(train, Y)
    more, weights = network_nodes(model, value)
    path = graphs.save(os.path.join(folder, "m.onnx"), nodes + more, {**tensors, **weights},
                       dtype=graphs.TensorProto.INT64 if front != "code"
                       else graphs.TensorProto.FLOAT)
    got = verdicts(folder, path, rows, NAMES, arguments)
    return (int((got != model.predict(test)).sum()),) * 2


def regression(folder, count):
    rows = fuzzed(count)
    scale = StandardScaler().fit(np.log1p(X))
    model = LogisticRegression(max_iter=500).fit(scale.transform(np.log1p(X)), Y)
    nodes = [graphs.node("Cast", "x", "f", to=1), graphs.node("Add", "f one", "l"),
             graphs.node("Log", "l", "m"),
             graphs.ml("Scaler", "m", "z", offset=scale.mean_.tolist(),
                       scale=(1 / scale.scale_).tolist()),
             graphs.ml("LinearClassifier", "z", "label s", coefficients=model.coef_.ravel().tolist(),
                       intercepts=model.intercept_.tolist(), classlabels_strings=NAMES,
                       multi_class=1, post_transform="SOFTMAX"),
             graphs.ml("Normalizer", "s", "p", norm="L1")]
    path = graphs.save(os.path.join(folder, "m.onnx"), nodes, {"one": np.float32(1)},
                       (("label", graphs.TensorProto.STRING), "p"),
                       dtype=graphs.TensorProto.INT64)
    got = verdicts(folder, path, rows, NAMES, (), False)
    return (int((got != model.predict(scale.transform(np.log1p(rows)))).sum()),) * 2


def pytorch(folder, count):
    torch.manual_seed(1)
    rows = fuzzed(count)
    layers = torch.nn.Sequential(torch.nn.Linear(12, 32), torch.nn.BatchNorm1d(32), torch.nn.ReLU(),
                                 torch.nn.Dropout(0.1), torch.nn.Linear(32, 32), torch.nn.ReLU(),
                                 torch.nn.Linear(32, len(NAMES)))
    train, labels = torch.tensor(coded(folder, X)).float(), torch.tensor(Y)
    optimiser = torch.optim.Adam(layers.parameters(), lr=3e-3)
    for _ in range(150):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(layers(train), labels).backward()
        optimiser.step()
    layers.eval()
    path = os.path.join(folder, "m.onnx")
    torch.onnx.export(layers, torch.zeros(1, 12), path, input_names=["x"], output_names=["y"],
                      dynamic_axes={"x": {0: "n"}})
    got = verdicts(folder, path, rows, NAMES, ("--code", os.path.join(folder, "code.json")))
    expected = layers(torch.tensor(coded(folder, rows)).float()).argmax(dim=1).numpy()
    return (int((got != expected).sum()),) * 2


MOST_TIES = 0.0001  # of the rows, between ONNX Runtime's sums in float32 and the engine's

# framework, estimator, what is exported, how, least agreement in percent (None: ties only)
CASES = [
    ("scikit-learn", "DecisionTreeClassifier", "ONNX, `afxdp_train.export_onnx`", None,
     lambda f, n: sklearn_trees(f, DecisionTreeClassifier(max_depth=14, random_state=1), n)),
    ("scikit-learn", "RandomForestClassifier, 200 trees", "ONNX, `afxdp_train.export_onnx`", None,
     lambda f, n: sklearn_trees(f, RandomForestClassifier(200, max_depth=12, random_state=1), n)),
    ("scikit-learn", "RandomForestClassifier, 1,024 trees, depth 24, 2^20 nodes",
     "ONNX, `afxdp_train.export_onnx`", None, largest_forest),
    ("XGBoost", "binary, 60 rounds", "JSON", None, lambda f, n: booster(f, n, "json", 2)),
    ("XGBoost", "5 classes, 300 trees", "UBJSON", None, lambda f, n: booster(f, n, "ubj", 5)),
    ("XGBoost", "5 classes, 300 trees, depth 24", "JSON", None, deep_booster),
    ("XGBoost", "dart, 5 classes, 300 trees", "JSON", None,
     lambda f, n: booster(f, n, "json", 5, booster="dart", rate_drop=0.1)),
    ("LightGBM, by its format", "binary, 60 trees", "text", None,
     lambda f, n: lightgbm_text(f, n, 2)),
    ("LightGBM, by its format", "5 classes, 300 trees", "text", None,
     lambda f, n: lightgbm_text(f, n, 5)),
    ("scikit-learn", "MLPClassifier on coded columns", "ONNX, as skl2onnx", 99.5,
     lambda f, n: perceptron(f, n, "code")),
    ("PyTorch", "Linear, BatchNorm1d, ReLU, Dropout on coded columns", "torch.onnx.export", 99.5,
     pytorch),
    ("scikit-learn", "log1p, StandardScaler, LogisticRegression", "ONNX, as skl2onnx", 99,
     regression),
    ("scikit-learn", "log1p, StandardScaler, MLPClassifier", "ONNX, as skl2onnx", 99,
     lambda f, n: perceptron(f, n, "log")),
    ("scikit-learn", "StandardScaler, MLPClassifier", "ONNX, as skl2onnx", 97.5,
     lambda f, n: perceptron(f, n, "standard")),
]


def result_of(least, differences, beyond, count):
    if least is None:
        return f"{differences} different" + (", all ties" if differences and not beyond else "")
    return f"{100 * (1 - differences / count):.1f} % the same"


def runtime_result(bound, count):
    """What the table says of ONNX Runtime, and whether it breaks the bound. It adds up a forest's
    scores in float32, so there close sums are ties."""
    if runtime_differs is None:
        return "–", False
    if bound is None:
        return f"{runtime_differs} different", runtime_differs > count * MOST_TIES
    return (f"{100 * (1 - runtime_differs / count):.1f} % the same",
            runtime_differs > count * (100 - bound) / 100)


def main():
    global runtime_differs
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100000
    failed = 0
    print("| framework | estimator | exported | result | ONNX Runtime |\n|---|---|---|---|---|")
    for framework, estimator, exported, least, measure in CASES:
        runtime_differs = None
        with tempfile.TemporaryDirectory() as folder:
            write(os.path.join(folder, "c.csv"), X, [NAMES[i] for i in Y])
            differences, beyond = measure(folder, count)
        bad = beyond > 0 if least is None else differences > count * (100 - least) / 100
        runtime, runtime_bad = runtime_result(least, count)
        failed += bad or runtime_bad
        print(f"| {framework} | {estimator} | {exported} | "
              f"{result_of(least, differences, beyond, count)}{' FAILED' if bad else ''} | "
              f"{runtime}{' FAILED' if runtime_bad else ''} |",
              flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
