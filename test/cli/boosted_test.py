#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""afxdp-model import of XGBoost's and LightGBM's own files, and of ONNX's TreeEnsemble."""

import copy
import json
import os
import struct
import sys
import unittest

import graphs
from graphs import NAMES, TensorProto, ml, node, np, save
from programs import ROOT

sys.path.insert(0, os.path.join(ROOT, "test", "import"))
import lightgbm


def ubjson(value, single=False):
    """As XGBoost writes it: floats of trees as float32 arrays, integers as int32 arrays."""
    if isinstance(value, dict):
        return b"{" + b"".join(b"L" + struct.pack(">q", len(key)) + key.encode()
                               + ubjson(item, key == "split_conditions")
                               for key, item in value.items()) + b"}"
    if isinstance(value, str):
        return b"SL" + struct.pack(">q", len(value.encode())) + value.encode()
    if isinstance(value, list) and value and all(isinstance(v, (int, float)) for v in value):
        form = "f" if single else "i"
        return (b"[$" + (b"d" if single else b"l") + b"#L" + struct.pack(">q", len(value))
                + struct.pack(f">{len(value)}{form}", *value))
    if isinstance(value, list):
        return b"[#L" + struct.pack(">q", len(value)) + b"".join(map(ubjson, value))
    return b"l" + struct.pack(">i", value)


def xgboost_tree(feature, threshold, low, high, **more):
    return {"left_children": [1, -1, -1], "right_children": [2, -1, -1],
            "split_indices": [feature, 0, 0], "split_conditions": [threshold, low, high],
            "split_type": [0, 0, 0], "default_left": [1, 0, 0], "id": 0, **more}


def xgboost_model(trees, classes=2, **more):
    groups = 1 if classes == 2 else classes
    learner = {
        "attributes": {}, "feature_names": [], "feature_types": [],
        "gradient_booster": {"model": {
            "gbtree_model_param": {"num_parallel_tree": "1", "num_trees": str(len(trees))},
            "tree_info": [i % groups for i in range(len(trees))], "trees": trees},
                             "name": "gbtree"},
        "learner_model_param": {"base_score": "5E-1", "num_class": str(0 if groups == 1 else groups),
                                "num_feature": "12", "num_target": "1"},
        "objective": {"name": "binary:logistic" if groups == 1 else "multi:softprob"}}
    learner.update(more)
    return {"learner": learner, "version": [1, 7, 4]}


class Boosted(graphs.Imported):
    names = ["benign", "flood"]

    def file(self, name, content):
        return self.write(name, content if isinstance(content, bytes) else content.encode())

    def both(self, model, expected, names=None):
        """JSON and UBJSON give the same verdicts."""
        names = names or self.names
        for path in (self.file("m.json", json.dumps(model)), self.file("m.ubj", ubjson(model))):
            self.assertEqual(self.check(path, expected, 1, "--classes", ",".join(names),
                                        names=names), 1)

    def refused(self, content, *why, names=None):
        path = self.file("bad", content)
        done = self.imported(path, "--classes", ",".join(names or self.names))
        self.assert_one_line(done, 2, *why)
        self.assertLessEqual(done.stderr.count(path.encode()), 1)

    def test_xgboost_asks_below_and_starts_from_the_base_score(self):
        x = self.rows.x
        threshold = float(np.float32(np.median(x[:, 0])))
        tree = xgboost_tree(0, threshold, -1.0, 1.0)
        self.both(xgboost_model([tree]), (x[:, 0] >= threshold).astype(int))
        # A base score of 0.9 is a margin of 2.197: both leaves are then above 0 but one of -3.
        model = xgboost_model([xgboost_tree(0, threshold, -3.0, -2.0)])
        model["learner"]["learner_model_param"]["base_score"] = "9E-1"
        self.both(model, (x[:, 0] >= threshold).astype(int))
        model["learner"]["learner_model_param"]["base_score"] = "[9E-1]"
        self.both(model, (x[:, 0] >= threshold).astype(int))

    def test_xgboost_classes_and_dart(self):
        x, names = self.rows.x, ["a", "b", "c"]
        t = float(np.float32(np.median(x[:, 0])))
        u = float(np.float32(np.median(x[:, 3])))
        trees = [xgboost_tree(0, t, 1.0, 0.0), xgboost_tree(3, u, 0.5, 0.0),
                 xgboost_tree(3, u, 0.0, 0.75)]
        margins = np.column_stack([np.where(x[:, 0] < t, 1, 0), np.where(x[:, 3] < u, 0.5, 0),
                                   np.where(x[:, 3] < u, 0, 0.75)])
        model = xgboost_model(trees, 3)
        self.both(model, margins.argmax(axis=1), names)
        booster = model["learner"]["gradient_booster"]
        drops = np.array([0.5, 1, 1])
        model["learner"]["gradient_booster"] = {"gbtree": booster, "name": "dart",
                                                "weight_drop": drops.tolist()}
        path = self.file("d.json", json.dumps(model))
        self.check(path, (margins * drops).argmax(axis=1), 1, "--classes", "a,b,c", names=names)

    def test_columns_by_name(self):
        x = self.rows.x
        names = NAMES[::-1][:7]
        model = xgboost_model([xgboost_tree(2, 900.0, -1.0, 1.0)], feature_names=names)
        model["learner"]["learner_model_param"]["num_feature"] = "7"
        self.both(model, (x[:, NAMES.index(names[2])] >= 900).astype(int))
        model["learner"]["feature_names"] = names[:6] + ["speed"]
        self.refused(json.dumps(model), "6 of its 7 columns are named after features")
        model["learner"]["feature_names"] = []
        self.refused(json.dumps(model), "trained on 7 columns without names")

    def test_xgboost_that_cannot_be(self):
        good = xgboost_model([xgboost_tree(0, 5.0, -1.0, 1.0)])
        text = json.dumps(good)
        for change, why in (
                (lambda m: m["objective"].update(name="reg:squarederror"),
                 "objective 'reg:squarederror' isn't supported"),
                (lambda m: m["gradient_booster"].update(name="gblinear"), "booster 'gblinear'"),
                (lambda m: m["attributes"].update(best_iteration="7"), "stopped early at round 8"),
                (lambda m: m["learner_model_param"].update(num_class="5"), "5 classes don't suit"),
                (lambda m: m["learner_model_param"].update(num_target="2"), "2 targets"),
                (lambda m: m["learner_model_param"].update(base_score="x"), "isn't a number"),
                (lambda m: m["learner_model_param"].update(base_score="1"), "base score of class"),
                (lambda m: m["gradient_booster"]["model"]["tree_info"].append(0),
                 "lists of trees differ"),
                (lambda m: m["gradient_booster"]["model"]["tree_info"].__setitem__(0, 1),
                 "tree 0 belongs to class 1 of 2"),
                (lambda m: m["gradient_booster"]["model"].update(trees=[]), "no trees")):
            model = copy.deepcopy(good)
            change(model["learner"])
            with self.subTest(why):
                self.refused(json.dumps(model), why)
        for change, why in (({"split_type": [1, 0, 0]}, "categorical"),
                            ({"left_children": [9, -1, -1]}, "leads to node 9 of 3"),
                            ({"left_children": [0, -1, -1]}, "leads back to itself"),
                            ({"right_children": [2, -1]}, "differ in length"),
                            ({"split_indices": [12, 0, 0]}, "tests column 12 of 12"),
                            ({"split_conditions": [5.0, 1e38, 0]}, "a leaf has the number")):
            with self.subTest(why):
                self.refused(json.dumps(xgboost_model([xgboost_tree(0, 5.0, -1.0, 1.0, **change)])),
                             why)
        for cut in (1, 40, len(text) // 2, len(text) - 1):
            self.assertEqual(self.imported(self.file("cut", text[:cut]), "--classes",
                                           "benign,flood").returncode, 2)
        self.refused(text, "it tells 2 classes, there are 3 names", names=graphs.CLASSES)
        self.refused('{"name": "tree", "version": "v4"}', "LightGBM's JSON dump")
        self.refused(b"\x80\x04\x95", "a Python pickle")
        self.refused(b"binf\0\0", "old binary form")
        self.refused('{"a":' + "[" * 40 + "]" * 40 + "}", "nested more than")
        self.assert_one_line(self.imported(self.file("g.json", text)), 2, "give --classes")

    def test_lightgbm(self):
        """Random trees in LightGBM's words, with every rule for missing values."""
        rng = np.random.default_rng(11)
        x = self.rows.x
        x[rng.random(x.shape) < 0.2] = 0
        for classes, rounds, names in ((2, 20, NAMES), (3, 10, None)):
            model = lightgbm.Model(rng, x, classes, rounds, 15, names)
            with self.subTest(classes):
                expected = model.margins(x).argmax(axis=1)
                labels = [f"c{i}" for i in range(classes)]
                self.assertEqual(self.check(self.file("m.txt", model.text()), expected, 1,
                                            "--classes", ",".join(labels), names=labels), 1)

    def test_lightgbm_that_cannot_be(self):
        rng = np.random.default_rng(12)
        text = lightgbm.Model(rng, self.rows.x, 2, 2, 4).text()
        for old, new, why in (
                ("objective=binary sigmoid:1", "objective=regression", "objective 'regression'"),
                ("objective=binary sigmoid:1\n", "", "no objective"),
                ("num_tree_per_iteration=1", "num_tree_per_iteration=3", "3 trees a round for 1"),
                ("decision_type=", "decision_type=1 ", "categorical"),
                ("is_linear=0", "is_linear=1", "linear leaves"),
                ("num_leaves=4", "num_leaves=5", "is missing or damaged"),
                ("num_leaves=4", "num_leaves=0", "isn't within 1 to"),
                ("left_child=", "left_child=77 ", "isn't within"),
                ("left_child=", "left_child=0 ", "leads back to itself"),
                ("split_feature=", "split_feature=12 ", "isn't within 0 to 11"),
                ("threshold=", "threshold=nan ", "missing or damaged"),
                ("leaf_value=", "leaf_value=inf ", "a leaf has the number"),
                ("end of trees", "", "ends before"),
                ("Tree=", "Bush=", "it has no tree")):
            with self.subTest(new):
                self.assertIn(old, text)
                self.refused(text.replace(old, new), why)

    def tree_ensemble(self, **more):
        attributes = {
            "n_targets": 2, "aggregate_function": 1, "post_transform": 0, "tree_roots": [0],
            "nodes_featureids": [0, 3], "nodes_truenodeids": [1, 0], "nodes_falsenodeids": [2, 1],
            "nodes_trueleafs": [0, 1], "nodes_falseleafs": [1, 1],
            "leaf_targetids": [0, 1, 1],
            "nodes_modes": graphs.tensor(np.array([0, 1], np.uint8)),
            "nodes_splits": graphs.tensor(np.array([1000, 30], np.float32)),
            "leaf_weights": graphs.tensor(np.array([1, 1, 1], np.float32)), **more}
        return ml("TreeEnsemble", "x", "s", **attributes)

    def test_tree_ensemble_of_opset_5(self):
        x = self.rows.x
        low = x[:, 0] <= 1000
        expected = np.where(low & (x[:, 3] < 30), 0, 1)
        for name, tree, outputs, tail in (
                ("scores", self.tree_ensemble(), ("s",), []),
                ("label", self.tree_ensemble(), ("l",), [node("ArgMax", "s", "l", axis=1)]),
                ("average", self.tree_ensemble(aggregate_function=0), ("s",), []),
                ("one", self.tree_ensemble(n_targets=1, leaf_targetids=[0, 0, 0],
                                           leaf_weights=graphs.tensor(
                                               np.array([0.25, 0.75, 0.5001], np.float32))),
                 ("s",), []),
                ("margin", self.tree_ensemble(n_targets=1, leaf_targetids=[0, 0, 0],
                                              leaf_weights=graphs.tensor(
                                                  np.array([-1, 2, 1], np.float32))),
                 ("p",), [node("Sigmoid", "s", "p")])):
            with self.subTest(name):
                path = save(self.path(f"{name}.onnx"), [tree] + tail, {}, outputs, ml_opset=5)
                self.assertEqual(self.check(path, expected, 1, "--classes", "benign,flood",
                                            names=self.names), 1)
        for change, why in (
                ({"aggregate_function": 3}, "aggregate_function 3"),
                ({"post_transform": 4}, "post_transform 4"),
                ({"nodes_modes": graphs.tensor(np.array([0, 6], np.uint8))}, "mode 6 of node 1"),
                ({"n_targets": 5}, "5 targets for 2 classes"),
                ({"leaf_targetids": [0, 1, 2]}, "leaf 2 belongs to target 2 of 2"),
                ({"nodes_truenodeids": [7, 0]}, "node 0 leads to a node that isn't there"),
                ({"nodes_truenodeids": [0, 0]}, "leads back to itself"),
                ({"tree_roots": [9]}, "no node 9"), ({"tree_roots": []}, "there is no tree"),
                ({"nodes_featureids": [0, 12]}, "tests feature 12 of 12"),
                ({"nodes_trueleafs": [0]}, "'nodes_trueleafs' has 1 entries, expected 2"),
                ({"membership_values": graphs.tensor(np.array([1], np.float32))},
                 "attribute 'membership_values'")):
            with self.subTest(why):
                path = save(self.path("bad.onnx"), [self.tree_ensemble(**change)], {}, ("s",),
                            ml_opset=5)
                self.assert_one_line(self.imported(path, "--classes", "benign,flood"), 2, why)


if __name__ == "__main__":
    unittest.main()
