#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Trees, forests and boosted trees, imported, against the libraries that trained them.

Every verdict of a tree must be scikit-learn's, on the training rows and all around every threshold.
In a forest and in boosted trees sums of floats decide, and their order of addition is not defined:
there every verdict must be equal where the two best classes are further apart than that matters.
"""

import csv
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest

try:
    import numpy as np
    import onnx
    import xgboost
    from onnx import TensorProto, helper, numpy_helper
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.tree import DecisionTreeClassifier
except ImportError as missing:
    print(f"skipped: {missing}", file=sys.stderr)
    sys.exit(77)

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MODEL_TOOL = os.path.join(os.environ.get("AFXDP_BUILD", os.path.join(ROOT, "build")), "bin",
                          "afxdp-model")
sys.path.insert(0, os.path.join(ROOT, "train"))

from afxdp_train import captured, export_onnx, tree as trees

SEED = int(os.environ.get("AFXDP_SEED", time.time_ns() % 2**32))


def rows_of(rng, count):
    """Integers of every magnitude, crowded in places, above 2^24 too."""
    x = rng.integers(0, 2**32, (count, 12), dtype=np.uint64) >> rng.integers(0, 32, (count, 12),
                                                                             dtype=np.uint64)
    x[:, 3] = 2**27 + rng.integers(0, 400, count)
    x[:, 4] = 2**31 + rng.integers(0, 5000, count)
    x[:, 5] = rng.integers(0, 2, count)
    x[:, 7] = 2**32 - 1 - rng.integers(0, 900, count)
    x[:, 2] = rng.choice([1, 6, 17, 58], count)
    return x


def labels_of(rng, x, classes):
    """Something to learn on every feature, and noise so that leaves stay mixed."""
    score = np.zeros(len(x))
    for feature in range(12):
        rank = np.argsort(np.argsort(x[:, feature])) / len(x)
        score += rng.normal() * np.sin(rank * rng.uniform(2, 30))
    y = np.digitize(score, np.quantile(score, np.arange(1, classes) / classes))
    noise = rng.random(len(x)) < 0.1
    y[noise] = rng.integers(0, classes, noise.sum())
    y[:classes] = np.arange(classes)
    return y


def around(rng, x, splits):
    """Rows that sit on, beside and a few float32 steps around every (feature, threshold)."""
    values, features = [], []
    for feature, threshold in splits:
        t = np.float32(threshold)
        near = [np.floor(threshold), float(t), float(np.nextafter(t, np.float32(-np.inf))),
                float(np.nextafter(t, np.float32(np.inf)))]
        near.append((near[1] + near[3]) / 2)  # where rounding to float32 changes its mind
        near.append((near[1] + near[2]) / 2)
        for value in near:
            for step in (-1, 0, 1):
                values.append(min(max(int(value) + step, 0), 2**32 - 1))
                features.append(feature)
    rows = x[rng.integers(0, len(x), len(values))].copy()
    rows[np.arange(len(values)), features] = np.array(values, np.uint64)
    return rows


def write_csv(path, x, labels):
    with open(path, "w", encoding="utf-8") as file:
        file.write("index," + ",".join(captured.FEATURES) + ",label\n")
        for i, row in enumerate(x.tolist()):
            file.write(f"{i},{','.join(map(str, row))},{labels[i]}\n")


def add_reals(node, name, values):
    """A list as the double tensor of ai.onnx.ml 3."""
    node.attribute.append(helper.make_attribute(
        name + "_as_tensor", numpy_helper.from_array(np.array(values, np.float64), name)))


def save(path, classes, attributes, doubles=()):
    node = helper.make_node("TreeEnsembleClassifier", ["x"], ["label", "scores"],
                            domain="ai.onnx.ml", classlabels_int64s=list(range(len(classes))),
                            **{k: v for k, v in attributes.items() if k not in doubles})
    for name in doubles:
        add_reals(node, name, attributes[name])
    kind = TensorProto.FLOAT
    graph = helper.make_graph(
        [node], "g", [helper.make_tensor_value_info("x", kind, ["N", 12])],
        [helper.make_tensor_value_info("label", TensorProto.INT64, ["N"]),
         helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", len(classes)])])
    model = helper.make_model(graph, ir_version=8, opset_imports=[
        helper.make_opsetid("", 13), helper.make_opsetid("ai.onnx.ml", 3)])
    model.metadata_props.add(key="afxdp.classes", value=json.dumps(classes))
    onnx.save(model, path)


def boosted_attributes(booster, classes):
    """An XGBoost model's own arrays in the operator's words, as its converters write them."""
    learner = json.loads(booster.save_raw("json"))["learner"]
    model = learner["gradient_booster"]["model"]
    found = {name: [] for name in (
        "nodes_treeids", "nodes_nodeids", "nodes_featureids", "nodes_modes", "nodes_values",
        "nodes_truenodeids", "nodes_falsenodeids", "class_treeids", "class_nodeids", "class_ids",
        "class_weights")}
    for number, (tree, group) in enumerate(zip(model["trees"], model["tree_info"])):
        for node, left in enumerate(tree["left_children"]):
            leaf = left < 0
            found["nodes_treeids"].append(number)
            found["nodes_nodeids"].append(node)
            found["nodes_featureids"].append(0 if leaf else tree["split_indices"][node])
            found["nodes_modes"].append("LEAF" if leaf else "BRANCH_LT")
            found["nodes_values"].append(0.0 if leaf else tree["split_conditions"][node])
            found["nodes_truenodeids"].append(0 if leaf else left)
            found["nodes_falsenodeids"].append(0 if leaf else tree["right_children"][node])
            if leaf:
                found["class_treeids"].append(number)
                found["class_nodeids"].append(node)
                found["class_ids"].append(group)
                found["class_weights"].append(tree["split_conditions"][node])
    found["post_transform"] = "LOGISTIC" if classes == 2 else "SOFTMAX"
    return found


class Imported(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.rng = np.random.default_rng([SEED, sum(map(ord, self.id()))])

    def path(self, name):
        return os.path.join(self.folder, name)

    def verdicts(self, onnx_file, classes, x, y, rows):
        """The class numbers that the imported model gives to `rows`."""
        names = [classes[label] for label in y]
        write_csv(self.path("calibrate.csv"), x[:2000], names)
        write_csv(self.path("rows.csv"), rows, [""] * len(rows))
        done = subprocess.run(
            [MODEL_TOOL, "import", onnx_file, "--force", "--calibrate", self.path("calibrate.csv"), "-o",
             self.path("m.q8")], capture_output=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.agreeing = done.stdout.decode()
        done = subprocess.run(
            [MODEL_TOOL, "eval", self.path("m.q8"), self.path("rows.csv"), "--verdicts",
             self.path("verdicts.csv")], capture_output=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(self.path("verdicts.csv"), encoding="utf-8") as file:
            return np.array([classes.index(row["class"]) for row in csv.DictReader(file)])

    def splits(self, model):
        found = set()
        for tree in trees.trees_of(model):
            inner = tree.children_left >= 0
            found |= set(zip(tree.feature[inner].tolist(), tree.threshold[inner].tolist()))
        return sorted(found)

    def test_trees_give_scikit_learns_verdicts(self):
        compared = 0
        for depth, classes, balanced in ((1, 2, None), (4, 3, None), (10, 5, None),
                                         (10, 5, "balanced"), (16, 6, None), (16, 2, "balanced")):
            x = rows_of(self.rng, 6000)
            y = labels_of(self.rng, x, classes)
            model = DecisionTreeClassifier(max_depth=depth, class_weight=balanced,
                                           random_state=int(self.rng.integers(2**31))).fit(x, y)
            names = [f"class{i}" for i in range(classes)]
            rows = np.concatenate([x, around(self.rng, x, self.splits(model))])
            expected = model.predict(rows)
            for doubles in (False, True):
                if doubles:
                    attributes = export_onnx.ensemble_attributes(model)
                    tree = model.tree_
                    attributes["nodes_values"] = np.where(tree.children_left < 0, 0,
                                                          tree.threshold)
                    save(self.path("m.onnx"), names, attributes, ("nodes_values", "class_weights"))
                else:
                    export_onnx.export_trees(model, self.path("m.onnx"), names)
                got = self.verdicts(self.path("m.onnx"), names, x, y, rows)
                self.assertIn("agrees with the ONNX model on 2000 of 2000", self.agreeing)
                different = np.flatnonzero(got != expected)
                self.assertEqual(len(different), 0, rows[different[:3]])
                compared += len(rows)
        print(f"trees: {compared} verdicts, 0 different")

    def close(self, scores, rows, got, expected, gap, what):
        """Differences are allowed only where the two best scores are closer than `gap`."""
        best = np.sort(scores, axis=1)
        different = got != expected
        apart = best[:, -1] - best[:, -2] > gap
        self.assertEqual((different & apart).sum(), 0, rows[different & apart][:3])
        print(f"{what}: {apart.sum()} verdicts, 0 different; of {(~apart).sum()} ties within "
              f"{gap:g} {(different & ~apart).sum()} the other way")

    def test_forests(self):
        for count, depth, classes in ((10, 8, 4), (64, 12, 3)):
            x = rows_of(self.rng, 3000)
            y = labels_of(self.rng, x, classes)
            model = RandomForestClassifier(count, max_depth=depth, n_jobs=1,
                                           random_state=int(self.rng.integers(2**31))).fit(x, y)
            names = [f"class{i}" for i in range(classes)]
            splits = self.splits(model)
            picked = [splits[i] for i in self.rng.permutation(len(splits))[:1500]]
            rows = np.concatenate([x, around(self.rng, x, picked)])
            export_onnx.export_trees(model, self.path("m.onnx"), names)
            got = self.verdicts(self.path("m.onnx"), names, x, y, rows)
            self.close(model.predict_proba(rows), rows, got, model.predict(rows), 2e-6,
                       f"forest of {count}")

    def test_boosted_trees(self):
        for classes, rounds in ((2, 30), (4, 12)):
            x = rows_of(self.rng, 3000)
            y = labels_of(self.rng, x, classes)
            parameters = {"max_depth": 6, "nthread": 1, "verbosity": 0, "base_score": 0.5,
                          "objective": "multi:softprob" if classes > 2 else "binary:logistic"}
            if classes > 2:
                parameters["num_class"] = classes
            matrix = xgboost.DMatrix(x.astype(np.float32), label=y)
            booster = xgboost.train(parameters, matrix, rounds)
            attributes = boosted_attributes(booster, classes)
            inner = [m != "LEAF" for m in attributes["nodes_modes"]]
            splits = sorted({(f, v) for f, v, i in zip(attributes["nodes_featureids"],
                                                       attributes["nodes_values"], inner) if i})
            names = [f"class{i}" for i in range(classes)]
            rows = np.concatenate([x, around(self.rng, x, splits)])
            save(self.path("m.onnx"), names, attributes)
            got = self.verdicts(self.path("m.onnx"), names, x, y, rows)
            margins = booster.predict(xgboost.DMatrix(rows.astype(np.float32)),
                                      output_margin=True)
            if classes == 2:
                margins = np.column_stack([np.zeros_like(margins), margins])
            self.close(margins, rows, got, margins.argmax(axis=1), 2e-5,
                       f"boosted trees of {classes} classes")


if __name__ == "__main__":
    print(f"AFXDP_SEED={SEED}")
    unittest.main()
