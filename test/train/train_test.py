#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The parts of training that have an exact right answer."""

import json
import os
import sys
import tempfile
import unittest

import numpy as np
import onnx
from onnx import numpy_helper

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "train"))

import data
import export_onnx
import input_code
import nn
import tree


class InputCode(unittest.TestCase):
    def test_index_is_the_design_pages(self):
        rng = np.random.default_rng(1)
        values = np.concatenate([np.arange(70000), 2 ** np.arange(32), 2 ** np.arange(1, 33) - 1,
                                 rng.integers(0, 2**32, 1000)])
        for value, index in zip(values.tolist(), input_code.index_of(values).tolist()):
            e = value.bit_length() - 1
            expected = value if value < 16 else ((e - 3) << 4) + ((value >> (e - 4)) & 15)
            self.assertEqual(index, expected, value)
        self.assertEqual(int(input_code.index_of(2**32 - 1)), 463)

    def test_tables_are_monotone_and_stretched(self):
        rng = np.random.default_rng(2)
        table = input_code.table_of(rng.integers(0, 2**20, 500))
        self.assertTrue((np.diff(table) >= 0).all())
        self.assertEqual((table[0], table[-1], len(table)), (0, 127, 464))
        self.assertEqual(input_code.table_of(np.full(9, 77)).tolist(), [0] * 464)

    def test_json(self):
        tables = input_code.tables_of(np.random.default_rng(3).integers(0, 999, (50, 12)))
        text = input_code.to_json(tables, data.FEATURES)
        self.assertTrue(np.array_equal(input_code.from_json(text, data.FEATURES), tables))


def run_chain(model, x):
    weights = {w.name: numpy_helper.to_array(w) for w in model.graph.initializer}
    values = {"input": x}
    for node in model.graph.node:
        if node.op_type == "Gemm":
            a, w, b = node.input
            values[node.output[0]] = values[a] @ weights[w].T + weights[b]
        else:
            values[node.output[0]] = np.maximum(values[node.input[0]], 0)
    return values["logits"]


def run_ensemble(model, x, classes):
    """TreeEnsembleClassifier by the operator's definition, on float32 values."""
    a = {at.name: at for at in model.graph.node[0].attribute}
    nodes = {(t, n): i for i, (t, n) in enumerate(zip(a["nodes_treeids"].ints,
                                                      a["nodes_nodeids"].ints))}
    votes = {}
    for t, n, c, w in zip(a["class_treeids"].ints, a["class_nodeids"].ints, a["class_ids"].ints,
                          a["class_weights"].floats):
        votes.setdefault((t, n), np.zeros(classes))[c] += w
    scores = np.zeros((len(x), classes))
    for row, values in enumerate(x.astype(np.float32)):
        for t in sorted(set(a["nodes_treeids"].ints)):
            n = 0
            while a["nodes_modes"].strings[nodes[t, n]] == b"BRANCH_LEQ":
                i = nodes[t, n]
                left = values[a["nodes_featureids"].ints[i]] <= np.float32(a["nodes_values"].floats[i])
                n = (a["nodes_truenodeids"] if left else a["nodes_falsenodeids"]).ints[i]
            scores[row] += votes[t, n]
    return scores


class Export(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "model.onnx")

    def test_round_down(self):
        rng = np.random.default_rng(4)
        exact = 2.0 ** rng.uniform(24, 32, 2000)
        rounded = tree.round_down(exact)
        self.assertTrue((rounded.astype(np.float64) <= exact).all())
        self.assertTrue((np.nextafter(rounded, np.float32(np.inf)).astype(np.float64) > exact).all())
        self.assertTrue((exact.astype(np.float32).astype(np.float64) > exact).any(), "a weak test")

    def test_trees_give_scikit_learns_classes(self):
        rng = np.random.default_rng(5)
        x = (2.0 ** rng.uniform(0, 31, (600, 12))).astype(np.int64)
        y = ((x[:, 4] > 2**27) * 2 + (x[:, 3] > x[:, 5])).astype(np.int64)
        y[::7] = rng.integers(0, 4, len(y[::7]))
        for model in (tree.fit_tree(x, y, None, 1), tree.fit_forest(x, y, None, 1, trees=5)):
            export_onnx.export_trees(model, self.path, "abcd")
            near = x[:60].copy()
            for row in near:  # values around thresholds, where float32 has gaps
                for t in tree.trees_of(model):
                    feature, threshold = t.feature[0], t.threshold[0]
                    row[feature] = max(0, int(threshold) + rng.integers(-40, 41))
            near = np.concatenate([near, x[:100]])
            scores = run_ensemble(onnx.load(self.path), near, 4)
            expected = model.predict_proba(near)
            self.assertLess(abs(scores - expected).max(), 1e-6)
            clear = np.sort(expected)[:, -1] - np.sort(expected)[:, -2] > 1e-6
            self.assertTrue((scores.argmax(1) == model.predict(near))[clear].all())

    def test_network(self):
        rng = nn.deterministic(6)
        model = nn.network([12, 16, 8, 3])
        codes = rng.integers(0, 128, (50, 12))
        export_onnx.export_nn(nn.layers_of(model), self.path, "abc", "{}")
        loaded = onnx.load(self.path)
        logits = run_chain(loaded, codes.astype(np.float32) / 127)
        self.assertLess(abs(logits - nn.logits(model, codes)).max(), 1e-5)
        properties = {p.key: p.value for p in loaded.metadata_props}
        self.assertEqual(properties, {"afxdp.features": "1", "afxdp.code": "{}",
                                      "afxdp.classes": json.dumps(["a", "b", "c"])})

    def test_training_repeats_itself(self):
        codes = np.random.default_rng(7).integers(0, 128, (400, 12))
        y = (codes[:, 0] > 60).astype(np.int64)
        found = []
        for _ in range(2):
            rng = nn.deterministic(8)
            model = nn.network([12, 8, 2])
            nn.fit(model, codes, y, nn.row_weights(y, 2), rng, 20, 1e-2, batch=64)
            found.append(nn.logits(model, codes).tobytes())
        self.assertEqual(*found)
        self.assertGreater((nn.logits(model, codes).argmax(1) == y).mean(), 0.95)


class Parts(unittest.TestCase):
    def test_a_flow_belongs_to_the_part_of_its_first_packet(self):
        flow, nth = np.array([0, 1, 0, 1, 2]), np.array([1, 1, 2, 2, 1])
        zero = np.zeros(5, np.int64)
        rows = data.Rows(np.zeros((5, 12), np.int64), zero, flow, nth, zero, zero, zero, zero, ["a"])
        rows = data.by_first_packet(rows, np.array([0, 0, 2, 2, 2]))
        self.assertEqual(rows.part.tolist(), [0, 0, 0, 0, 2])
        both = data.join([rows, rows])
        self.assertEqual(both.flow.tolist(), [0, 1, 0, 1, 2, 3, 4, 3, 4, 5])
        self.assertEqual(both.capture.tolist(), [0] * 5 + [1] * 5)


if __name__ == "__main__":
    unittest.main()
