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

from afxdp_train import (augment, captured, dataset, evaluate, export_onnx, float_network,
                         input_code, metrics, models, probes, qat, recordings, refusal, tools,
                         train, tree, workers)


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

    def test_afxdp_model_makes_the_same(self):
        for features in captured.SETS:
            self.afxdp_model_makes_the_same(features)

    def afxdp_model_makes_the_same(self, features):
        rng = np.random.default_rng(11)
        x = np.minimum(2.0 ** rng.uniform(0, 32, (500, features)), 2**32 - 1).astype(np.int64)
        x[:, 3], x[::3, 4] = 77, 0
        with tempfile.TemporaryDirectory() as folder:
            rows, output = os.path.join(folder, "f.csv"), os.path.join(folder, "code.json")
            tools.write_features(rows, x, ["benign"] * len(x))
            tools.code(rows, output)
            with open(output, encoding="utf-8") as file:
                made = input_code.from_json(file.read(), captured.SETS[x.shape[1]])
        self.assertTrue(np.array_equal(made, input_code.tables_of(x)))

    def test_json(self):
        tables = input_code.tables_of(np.random.default_rng(3).integers(0, 999, (50, 12)))
        text = input_code.to_json(tables, captured.FEATURES)
        self.assertTrue(np.array_equal(input_code.from_json(text, captured.FEATURES), tables))


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
        for features, number in ((12, "1"), (28, "2")):
            self.network(features, number)

    def network(self, features, number):
        rng = float_network.deterministic(6)
        model = float_network.network([features, 16, 8, 3])
        codes = rng.integers(0, 128, (50, features))
        export_onnx.export_nn(float_network.layers_of(model), None, self.path, "abc", "{}")
        loaded = onnx.load(self.path)
        logits = run_chain(loaded, codes.astype(np.float32) / 127)
        self.assertLess(abs(logits - float_network.logits(float_network.layers_of(model), codes)).max(), 1e-5)
        properties = {p.key: p.value for p in loaded.metadata_props}
        self.assertEqual(properties, {"afxdp.features": number, "afxdp.code": "{}",
                                      "afxdp.classes": json.dumps(["a", "b", "c"])})

    def test_training_repeats_itself(self):
        codes = np.random.default_rng(7).integers(0, 128, (400, 12))
        y = (codes[:, 0] > 60).astype(np.int64)
        found = []
        for _ in range(2):
            rng = float_network.deterministic(8)
            model = float_network.network([12, 8, 2])
            float_network.fit(model, codes, y, np.ones(400), rng, 40, 1e-2, batch=64)
            found.append(float_network.logits(float_network.layers_of(model), codes).tobytes())
        self.assertEqual(*found)
        self.assertGreater((float_network.logits(float_network.layers_of(model), codes).argmax(1) == y).mean(), 0.95)


class IntegerArithmetic(unittest.TestCase):
    def setUp(self):
        rng = float_network.deterministic(9)
        self.codes = rng.integers(0, 128, (800, 12))
        y = (self.codes[:, 0] + self.codes[:, 1] > 120).astype(np.int64)
        model = float_network.fit(float_network.network([12, 16, 8, 2]), self.codes, y, np.ones(800), rng, 20, 1e-2, 128)
        self.verdicts = float_network.logits(float_network.layers_of(model), self.codes).argmax(1)
        start, factor = qat.quantise(float_network.layers_of(model), self.codes)
        self.start, self.model = qat.rounded(start), qat.Network(start, factor)
        self.tuned = qat.tune(start, factor, self.codes, y, np.ones(800), rng, 3, batch=128)

    def test_by_hand(self):
        layers = [qat.Layer(np.array([[3, -2], [1, 1]]), np.array([4, -600]), np.array([1, 0])),
                  qat.Layer(np.array([[1, 2]]), np.array([-5]), None)]
        # 3*9 - 2*5 + 4 = 21, (21 + 1) >> 1 = 11; 14 - 600 is cut to 0; 11 - 5
        self.assertEqual(qat.logits(layers, np.array([[9, 5]])).tolist(), [[6]])
        # 3*127 + 4 = 385, 386 >> 1 = 193 is cut to 127
        self.assertEqual(qat.logits(layers, np.array([[127, 0]])).tolist(), [[122]])

    def test_training_computes_the_integers(self):
        import torch

        with torch.no_grad():
            found = self.model(torch.from_numpy(self.codes.astype(np.float32))).numpy()
        whole = np.rint(found / self.model.factor).astype(np.int64)
        self.assertTrue(np.array_equal(whole, qat.logits(self.model.layers(), self.codes)))
        self.assertLess(abs(found / self.model.factor - whole).max(), 1e-2)

    def test_it_agrees_with_float(self):
        for layers in (self.start, self.tuned):
            same = qat.logits(layers, self.codes).argmax(1) == self.verdicts
            self.assertGreater(same.mean(), 0.97)

    def test_export_holds_every_integer(self):
        layers, shifts = qat.to_float(self.tuned)
        shifts = json.loads(shifts)
        self.assertEqual([len(s) for s in shifts], [16, 8])
        for i, (layer, (weight, bias)) in enumerate(zip(self.tuned, layers)):
            unit = 2.0 ** np.array(shifts[i]) if i < 2 else np.ones(2)
            back = weight.astype(np.float64) * unit[:, None] / (127 if i == 0 else 1)
            self.assertTrue(np.array_equal(back, layer.weight))
            self.assertTrue(np.array_equal(bias.astype(np.float64) * unit, layer.bias))
        x = self.codes.astype(np.float32) / 127
        for i, (weight, bias) in enumerate(layers):
            x = x @ weight.T + bias
            x = np.maximum(x, 0) if i < 2 else x
        same = x.argmax(1) == qat.logits(self.tuned, self.codes).argmax(1)
        self.assertGreater(same.mean(), 0.97)


class Augmentation(unittest.TestCase):
    def test_ports_are_redrawn_by_flow(self):
        count = 3000
        flow = np.repeat(np.arange(count // 3), 3)
        x = np.zeros((count, 12), np.int64)
        x[:, 0], x[:, 1], x[:, 2:] = 40000 + flow, 443, np.arange(count)[:, None]
        x[flow == 1, :2] = (443, 50000)  # one that was seen from the middle
        x[flow == 2, :2] = (53, 53)
        zero = np.zeros(count, np.int64)
        rows = captured.Rows(x, zero, flow, zero, zero, zero, zero, zero, ["a"])
        new = augment.redraw_ports(rows, np.random.default_rng(10), [0.5])
        self.assertTrue(np.array_equal(new[:, 2:], x[:, 2:]))
        self.assertTrue((new.reshape(-1, 3, 12)[:, :, :2] == new[::3, None, :2]).all())
        self.assertTrue((new[flow == 2, :2] == 53).all())
        client = np.where(flow == 1, new[:, 1], new[:, 0])
        self.assertGreater(len(np.unique(client)), 900)
        self.assertGreaterEqual(client[flow != 2].min(), 1024)
        moved = (new[flow > 2][:, 1] != 443).mean()
        self.assertTrue(0.4 < moved < 0.6, moved)


class Models(unittest.TestCase):
    def test_every_model_fits_in_any_process_alike(self):
        rng = np.random.default_rng(14)
        x = rng.integers(0, 3000, (900, 12))
        training = dataset.Training(x, (x[:, 3] > 1500).astype(np.int64), np.ones(900))
        effort = models.Effort(epochs=6, batch=64, tune_epochs=1, quiet=True)
        jobs = [(name, seed) for name in models.KINDS for seed in (0, 1)]

        def fit(name, seed):
            return models.fit(name, training, 2, seed, effort)

        for job, fitted in zip(jobs, workers.each(fit, jobs, 2)):
            self.assertEqual((fitted.name, fitted.seed), job)
            verdicts = fitted.predict(x)
            self.assertEqual(fitted.predict(x[:0]).shape, (0,))
            self.assertGreater((verdicts == training.y).mean(), 0.45 if job[0] == "majority" else 0.9)
            if job[1] == 0 and job[0] in ("nn", "dt", "forest"):
                self.assertTrue(np.array_equal(verdicts, fit(*job).predict(x)))
            if fitted.layers is not None:
                self.assertGreater((fitted.predict_float(x) == verdicts).mean(), 0.9)

    def test_decay_shrinks_the_weights_of_an_input_that_tells_nothing(self):
        x = np.random.default_rng(9).integers(0, 128, (400, 12))
        x[:, 6] = 5
        training, size = dataset.Training(x, (x[:, 0] > 60).astype(np.int64), np.ones(400)), []
        for decay in (0.0, 0.1):
            effort = models.Effort(epochs=40, batch=64, decay=decay, tune_epochs=1, quiet=True)
            fitted = models.fit("nn-16", training, 2, 8, effort)
            self.assertGreater((fitted.predict(x) == training.y).mean(), 0.95)
            size.append(abs(fitted.float_layers[0][0][:, 6]).sum())
        self.assertLess(size[1], 0.9 * size[0])


class FlowTable(unittest.TestCase):
    def test_first_match_wins_either_way_round(self):
        with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
            file.write(",".join(recordings.COLUMNS) + "\n"
                       "1.5,2.5,6,10.0.0.1,,,22,,,bruteforce\n"
                       ",,,10.0.0.1,,,,,,benign\n"
                       ",,17,,,,53,02:00:00:00:00:01,,flood\n")
            file.flush()
            label_of = recordings.flow_table(file.name)
        a, b = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])
        mac, other = bytes.fromhex("020000000001"), bytes(6)
        ssh, answer = (captured.packets.Packet(a, b, 999, 22, 6, 40),
                       captured.packets.Packet(b, a, 22, 999, 6, 40))
        for packet in (ssh, answer):
            self.assertEqual(label_of(2 * 10**9, (mac, other), packet), "bruteforce")
            self.assertEqual(label_of(3 * 10**9, (mac, other), packet), "benign")
        far = captured.packets.Packet(b, bytes(4), 53, 999, 17, 40)
        self.assertEqual(label_of(0, (other, mac), far), "flood")
        self.assertEqual(label_of(0, (mac, other), far), None)
        near = far._replace(sport=999, dport=53)
        self.assertEqual(label_of(0, (mac, other), near), "flood")
        self.assertEqual(label_of(0, (other, mac), far._replace(protocol=6)), None)


class Scores(unittest.TestCase):
    def test_by_hand(self):
        y, verdicts = np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 0])
        self.assertEqual(metrics.confusion(y, verdicts, 3).tolist(), [[2, 1, 0], [1, 1, 0], [0, 0, 0]])
        self.assertAlmostEqual(metrics.macro_f1(y, verdicts, 3), (4 / 6 + 2 / 4) / 2)
        self.assertAlmostEqual(metrics.false_positives(y, verdicts), 1 / 3)

    def test_only_numbers_choose(self):
        self.assertEqual(metrics.best([(0.1, "a"), (0.3, "b"), (0.3, "c"), (0.2, "d")]), (0.3, "b"))
        for score in (float("nan"), float("inf")):
            for candidates in ([(score,), (0.3,)], [(0.3,), (score,)], [(score,)]):
                with self.assertRaises(refusal.Refused):
                    metrics.best(candidates)
        metrics.validates(np.array([1, 0]), "ab", "rows")
        with self.assertRaises(refusal.Refused) as caught:
            metrics.validates(np.array([1, 1]), "ab", "rows")
        self.assertIn("rows: no row of the class 'a'", str(caught.exception))

    def test_first_and_last_packets_of_flows(self):
        flow, nth = np.array([0, 1, 0, 1, 2, 0]), np.array([1, 1, 2, 2, 1, 3])
        zero = np.zeros(6, np.int64)
        y = np.array([0, 1, 0, 1, 0, 0])
        x = np.zeros((6, 12), np.int64)
        x[:, 0] = [0, 0, 0, 1, 0, 1]  # the verdicts
        rows = captured.Rows(x, y, flow, nth, zero, zero, zero, zero, ["a"])
        self.assertEqual(sorted(evaluate.last_of_flow(rows).tolist()), [3, 4, 5])
        found = evaluate.scores(lambda x: x[:, 0], rows, ("a", "b"))
        self.assertAlmostEqual(found["first"], (2 * 2 / 5 + 0) / 2)
        self.assertAlmostEqual(found["last"], (2 / 3 + 2 / 3) / 2)
        self.assertAlmostEqual(found["false_positives"], 1 / 4)

    def test_how_soon_an_attack_shows(self):
        for called, expected in (([], None), ([1], 1), ([0], None), ([1, 0, 0, 1], 4),
                                 ([0, 1, 1, 0, 0, 0], None), ([0, 0, 0, 1, 1, 1, 1], 6),
                                 ([1, 0, 1, 0], 1)):
            self.assertEqual(evaluate.half_from(np.array(called, bool)), expected)
        # Attack "a" has two flows, which a benign packet interrupts, "b" one; "c" is another
        # capture's "b". In file order each capture's last packet stands first.
        y = np.array([1, 1, 0, 1, 1, 1, 1, 2, 2])
        index = np.array([8, 0, 1, 2, 3, 4, 5, 1, 0])
        capture = np.array([0, 0, 0, 0, 0, 0, 0, 1, 1])
        flow, nth = np.array([1, 0, 5, 0, 1, 2, 2, 3, 4]), np.array([2, 1, 1, 2, 1, 1, 2, 1, 1])
        names = np.array(["a", "a", "a", "a", "a", "b", "b", "b", "b"])
        verdicts = np.array([1, 0, 1, 2, 1, 0, 0, 0, 1])
        zero = np.zeros(9, np.int64)
        rows = captured.Rows(np.zeros((9, 12), np.int64), y, flow, nth, zero, index, capture, zero, [])
        found = evaluate.delays(rows, verdicts, names)
        self.assertEqual((found["scenarios"], found["flows"]), (3, 5))
        self.assertEqual(found["first"], {"share": 2 / 3, "median": 2, "nine_in_ten": 2})
        self.assertEqual(found["half"], {"share": 2 / 3, "median": 2, "nine_in_ten": 2})
        self.assertEqual([found[f"flows_{when}"] for when in ("first", "soon", "ever")],
                         [2 / 5, 3 / 5, 3 / 5])

    def test_probes(self):
        x = np.zeros((4, 12), np.int64)
        x[:, 0], x[:, 1], x[:, 2], x[:, 3] = 40000, [22, 80, 80, 9], 6, [60, 60, 44, 40]
        zero = np.zeros(4, np.int64)
        y = np.array([0, 0, 0, 3])
        rows = captured.Rows(x, y, np.arange(4), zero + 1, zero, zero, zero, zero, ["a"])
        found = probes.first_syn(lambda x: (x[:, 1] == 22).astype(int), rows)
        self.assertEqual(found["22 ssh"], (1, 1.0, 1.0))
        self.assertEqual(found["80 http"], (1, 0.0, 0.0))
        self.assertEqual(found["25 smtp"], (0, None, 0.0))
        self.assertEqual(probes.moved_flood(lambda x: (x[:, 1] != 9) * 2, rows), (0.0, 1.0, 1))


class Parts(unittest.TestCase):
    def test_a_flow_belongs_to_the_part_of_its_first_packet(self):
        flow, nth = np.array([0, 1, 0, 1, 2]), np.array([1, 1, 2, 2, 1])
        zero = np.zeros(5, np.int64)
        rows = captured.Rows(np.zeros((5, 12), np.int64), zero, flow, nth, zero, zero, zero, zero, ["a"])
        rows = captured.by_first_packet(rows, np.array([0, 0, 2, 2, 2]))
        self.assertEqual(rows.part.tolist(), [0, 0, 0, 0, 2])
        self.assertEqual({part: {name: len(found) for name, found in
                                 train.part_of({"lab": rows, "none": rows.take([])}, part).items()}
                          for part in (captured.TRAIN, captured.VALID, captured.TEST)},
                         {captured.TRAIN: {"lab": 4}, captured.VALID: {}, captured.TEST: {"lab": 1}})
        both = captured.join([rows, rows])
        self.assertEqual(both.flow.tolist(), [0, 1, 0, 1, 2, 3, 4, 3, 4, 5])
        self.assertEqual(both.capture.tolist(), [0] * 5 + [1] * 5)


if __name__ == "__main__":
    unittest.main()
