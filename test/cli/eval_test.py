#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""afxdp-model eval: the same scores as scikit-learn's, one line for what can't be scored."""

import csv
import json
import os
import subprocess
import sys
import unittest

import programs
from programs import run

try:
    import numpy
    from sklearn import metrics
    from sklearn.tree import DecisionTreeClassifier

    sys.path.insert(0, os.path.join(programs.ROOT, "train"))
    from afxdp_train import captured, export_onnx
except ImportError as missing:
    print(f"skipped: {missing}", file=sys.stderr)
    sys.exit(77)

CLASSES = ["benign", "flood", "portscan", "never-seen"]


class Eval(programs.Test):
    def setUp(self):
        super().setUp()
        rng = numpy.random.default_rng(7)
        self.x = rng.integers(0, 2000, (600, 12))
        self.y = (self.x[:, 0] > 900).astype(int) + (self.x[:, 3] > 1500)
        self.y[:1] = 3
        self.tree = DecisionTreeClassifier(max_depth=3, min_samples_leaf=20, random_state=1).fit(
            self.x, self.y)
        export_onnx.export_trees(self.tree, self.path("m.onnx"), CLASSES)
        done = run("afxdp-model", "import", self.path("m.onnx"), "--calibrate",
                   self.rows("calibrate.csv", self.x, [CLASSES[y] for y in self.y]), "-o",
                   self.path("m.q8"))
        self.assertEqual(done.returncode, 0, done.stderr)

    def rows(self, name, x, labels, places=None):
        """A features.csv; places: (flow, packet) of each row."""
        lines = ["index," + ",".join(captured.FEATURES) + ",label" + (",flow,packet" if places else "")]
        lines += [f"{3 * i},{','.join(map(str, row))},{label}"
                  + (f",{places[i][0]},{places[i][1]}" if places else "")
                  for i, (row, label) in enumerate(zip(x.tolist(), labels))]
        return self.write(name, ("\n".join(lines) + "\n").encode())

    def evaluate(self, features, *options):
        return run("afxdp-model", "eval", self.path("m.q8"), features, *options)

    def test_scores_are_scikit_learns(self):
        labels = self.y.copy()
        labels[::7] = 0  # mistakes
        names = [CLASSES[y] for y in labels]
        names[5], names[50] = "", ""
        seen = numpy.array([bool(name) for name in names])
        features = self.rows("rows.csv", self.x, names)
        verdicts = self.path("verdicts.csv")
        done = self.evaluate(features, "--json", "--verdicts", verdicts)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        result = json.loads(done.stdout)
        expected = self.tree.predict(self.x)
        with open(verdicts, encoding="utf-8") as file:
            written = list(csv.DictReader(file))
        self.assertEqual([r["class"] for r in written], [CLASSES[v] for v in expected])
        self.assertEqual([int(r["index"]) for r in written], [3 * i for i in range(600)])
        self.assertTrue(all(0 <= int(r["confidence"]) <= 1000 for r in written))

        true, given = labels[seen], expected[seen]
        self.assertEqual((result["schema"], result["rows"], result["labelled"]), (1, 600, 598))
        self.assertEqual(result["model"]["kind"], "dt")
        self.assertAlmostEqual(result["accuracy"], metrics.accuracy_score(true, given))
        self.assertEqual(result["confusion"],
                         metrics.confusion_matrix(true, given, labels=range(4)).tolist())
        precision, recall, f1, rows = metrics.precision_recall_fscore_support(
            true, given, labels=range(4), zero_division=0)
        for i, name in enumerate(CLASSES):
            found = result["classes"][name]
            self.assertEqual(found["rows"], rows[i])
            self.assertAlmostEqual(found["precision"] or 0, precision[i])
            self.assertAlmostEqual(found["recall"] or 0, recall[i])
            self.assertAlmostEqual(found["f1"] or 0, f1[i])
        occurring = sorted(set(true) | set(given))
        self.assertAlmostEqual(result["macro_f1"], f1[occurring].mean())

        wrong = ((true == 0) & (given != 0)).sum()
        self.assertGreater(wrong, 0)
        self.assertEqual(result["false_positives"], {
            "class": "benign", "rows": rows[0], "others": wrong, "share": wrong / rows[0]})
        self.assertIsNone(result["flows"])

        text = self.evaluate(features).stdout.decode()
        self.assertIn(f"{wrong / rows[0]:.4f} of the rows labelled 'benign' got another", text)
        self.assertIn("afxdp-features --flows", text)
        self.assertIn(f"{result['macro_f1']:.4f}", text)
        self.assertIn(f"{result['accuracy']:.4f}", text)
        for name in CLASSES:
            self.assertIn(name, text)

    def test_by_flow(self):
        """Packet numbers up to 100 in flows of random lengths, rows in random order."""
        places = [(flow * 10**17, packet) for flow, length in enumerate([1, 2, 3, 5, 90, 99, 400])
                  for packet in range(1, length + 1)]
        self.assertEqual(len(places), 600)
        numpy.random.default_rng(8).shuffle(places)
        labels = numpy.random.default_rng(9).choice([0, 1, 2], 600, p=[0.5, 0.3, 0.2])
        names = [CLASSES[y] for y in labels]
        names[3] = ""
        features = self.rows("rows.csv", self.x, names, places)
        result = json.loads(self.evaluate(features, "--json").stdout)["flows"]
        expected = self.tree.predict(self.x)
        flow, packet = numpy.array(places, numpy.int64).T
        seen = numpy.arange(600) != 3
        last = numpy.array([p == packet[flow == f].max() for f, p in places])

        def check(found, rows):
            true, given = labels[rows & seen], expected[rows & seen]
            self.assertEqual(found["labelled"], len(true))
            self.assertEqual(found["confusion"],
                             metrics.confusion_matrix(true, given, labels=range(4)).tolist())
            f1 = metrics.f1_score(true, given, labels=sorted(set(true) | set(given)),
                                  average="macro", zero_division=0)
            self.assertAlmostEqual(found["macro_f1"], f1)
            self.assertEqual(found["false_positives"]["others"], ((true == 0) & (given != 0)).sum())
            return f"{f1:.4f}"

        self.assertEqual(result["count"], 7)
        columns = [check(result["last_packet"], last)]
        check(result["first_packet"], packet == 1)
        ranges = [(1, 1), (2, 2), (3, 3), (4, 7), (8, 15), (16, 63), (64, None)]
        self.assertEqual([(r["from"], r["to"]) for r in result["packet_numbers"]], ranges)
        for found, (first, end) in zip(result["packet_numbers"], ranges):
            columns.append(check(found, (packet >= first) & (packet <= (end or 10**9))))
        text = self.evaluate(features).stdout.decode()
        self.assertNotIn("--flows", text)
        table = [line.split() for line in text.partition("\nF1 of every packet")[2].splitlines()]
        self.assertEqual(table[1], ["class", "every", "last", "1", "2", "3", "4-7", "8-15", "16-63",
                                    "64-"])
        self.assertEqual(table[2 + len(CLASSES)][2:], columns)

    def test_flows_that_cannot_be(self):
        twice = self.rows("twice.csv", self.x[:3], ["benign"] * 3, [(0, 1), (1, 1), (0, 1)])
        self.assert_one_line(self.evaluate(twice), 2, "twice.csv: line 4",
                             "packet 1 of flow 0 stands on line 2 already")
        zero = self.rows("zero.csv", self.x[:2], ["benign"] * 2, [(0, 1), (0, 0)])
        self.assert_one_line(self.evaluate(zero), 2, "line 3: column 'packet' is '0'")

    def test_without_labels(self):
        done = self.evaluate(self.rows("rows.csv", self.x, [""] * 600), "--json")
        self.assertEqual(done.returncode, 0)
        result = json.loads(done.stdout)
        self.assertEqual((result["rows"], result["labelled"]), (600, 0))
        self.assertIsNone(result["macro_f1"])
        self.assertIsNone(result["false_positives"]["share"])
        text = self.evaluate(self.path("rows.csv")).stdout.decode()
        self.assertIn("false positives: unknown, no row has the label 'benign'", text)

    def test_what_cannot_be_scored(self):
        good = self.rows("rows.csv", self.x, ["benign"] * 600)
        unknown = self.rows("unknown.csv", self.x[:2], ["benign", "worm"])
        self.assert_one_line(self.evaluate(unknown), 2, "label 'worm' is no class of the model")
        self.assert_one_line(self.evaluate(unknown), 2, "there are benign, ")
        for written in ("BENIGN", "Benign", "be-nign"):
            nearly = self.rows("nearly.csv", self.x[:2], ["benign", written])
            self.assert_one_line(self.evaluate(nearly), 2, "but 'benign' is: write it so")
        self.assert_one_line(self.evaluate(self.path("none.csv")), 2, "none.csv")
        self.assert_one_line(self.evaluate(good, good), 2, "one model and one features.csv")
        self.assert_one_line(self.evaluate(good, "--verdicts", "/nowhere/v.csv"), 1,
                             "/nowhere/v.csv")
        self.assert_one_line(run("afxdp-model", "eval"), 2, "model and features.csv are missing")
        self.assert_one_line(run("afxdp-model", "eval", self.path("m.q8")), 2,
                             "features.csv is missing")
        self.assert_one_line(run("afxdp-model", "eval", good, good), 2, "not a .q8 model")

    def test_full_disk(self):
        """Wherever in the report the first write fails: the model's path moves it."""
        features = self.rows("rows.csv", self.x, ["benign"] * 600, [(0, i + 1) for i in range(600)])
        self.assertGreater(len(self.evaluate(features, "--json").stdout), 4096)
        for slashes in range(0, 40, 2):
            for options in (), ("--json",):
                with open("/dev/full", "wb") as full:
                    done = subprocess.run(
                        [os.path.join(programs.BIN, "afxdp-model"), "eval",
                         "/" * slashes + self.path("m.q8"), features, *options],
                        stdout=full, stderr=subprocess.PIPE, timeout=120, check=False)
                self.assert_one_line(done, 1, "standard output: No space left on device")


if __name__ == "__main__":
    unittest.main()
