#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The Python package against the programs: the same rows, the same verdicts, the same report."""

import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import unittest

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("AFXDP_BUILD", ROOT / "build"))
MIXED = ROOT / "test/captures/mixed.pcap"
NETWORK, TREE = ROOT / "models/nn.q8", ROOT / "models/dt.q8"
OF_THE_FLOW = ROOT / "models/nn1.q8", ROOT / "models/dt1.q8"  # the same of feature set 1

os.environ["AFXDP_LIBRARY"] = str(BUILD / "engine/library/libafxdp-engine.so.0")
sys.path.insert(0, str(ROOT / "python"))
import afxdp  # noqa: E402  pylint: disable=wrong-import-position


def run(program, *arguments):
    return subprocess.run([BUILD / "bin" / program, *arguments], capture_output=True, check=True,
                          timeout=60).stdout.decode()


class Captures(unittest.TestCase):
    def test_features_equal_those_of_the_program(self):
        rows = afxdp.features(MIXED)
        table = list(csv.DictReader(run("afxdp-features", MIXED, "--label", "x").splitlines()))
        self.assertEqual(len(rows), len(table))
        for name in ("index", *afxdp.feature_names(12)):
            np.testing.assert_array_equal(rows[name], [int(row[name]) for row in table], name)
        self.assertTrue(np.all(rows["time"] > 10**18))
        self.assertNotIn("class", rows.dtype.names)

    def test_verdicts_equal_those_of_the_program(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "verdicts.csv")
            run("afxdp-engine", "-r", MIXED, "-m", NETWORK, "--verdicts", path)
            table = [row for row in csv.DictReader(path.read_text().splitlines())
                     if row["confidence"]]
        rows = afxdp.features(MIXED, model=NETWORK)
        self.assertEqual(rows["class"].tolist(), [row["class"] for row in table])
        np.testing.assert_allclose(rows["confidence"], [int(row["confidence"]) / 1000
                                                        for row in table], atol=1e-6)
        np.testing.assert_array_equal(afxdp.Model(NETWORK).predict(rows), rows["class"])

    def test_what_is_no_capture_is_refused(self):
        with self.assertRaises(FileNotFoundError):
            afxdp.features("/nowhere.pcap")
        with self.assertRaisesRegex(ValueError, "capture|format"):
            afxdp.features(NETWORK)
        with self.assertRaisesRegex(ValueError, "--queues has no meaning"):
            afxdp.features(MIXED, queues=2)


class Models(unittest.TestCase):
    def test_rows_in_any_shape_that_means_the_same(self):
        model = afxdp.Model(OF_THE_FLOW[1])
        rows = afxdp.features(MIXED)[:500]
        table = model.rows(rows)
        self.assertEqual((table.shape, table.dtype), ((500, 12), np.uint32))
        for X in (table, table.tolist(), table.astype(float), np.asfortranarray(table),
                  table.astype(np.int64), rows):
            np.testing.assert_array_equal(model.predict(X), model.predict(table))
        self.assertEqual(model.predict(table[:0]).shape, (0,))
        confidence = model.predict_confidence(table)
        self.assertTrue(np.all((0 <= confidence) & (confidence <= 1)))

    def test_rows_that_would_be_misread_are_refused(self):
        model = afxdp.Model(OF_THE_FLOW[0])
        for X in ([1, 2, 3], [[1] * 11], [[1] * 13], [[-1] * 12], [[0.5] * 12], [[2**32] * 12],
                  [[np.nan] * 12], [["a"] * 12]):
            with self.subTest(X=X), self.assertRaises(ValueError):
                model.predict(X)
        with self.assertRaisesRegex(ValueError, "'dport' is missing"):
            model.predict(afxdp.features(MIXED)[["sport"]])

    def test_a_model_says_what_it_is(self):
        model = afxdp.Model(OF_THE_FLOW[0])
        self.assertEqual((model.kind, model.n_features_in_, model.classes_[0]), ("nn", 12, "benign"))
        self.assertEqual(tuple(model.feature_names_in_), afxdp.feature_names(12))
        self.assertEqual(afxdp.Model(NETWORK).n_features_in_, 28)
        with self.assertRaises(FileNotFoundError):
            afxdp.Model("/nowhere.q8")
        with self.assertRaises(ValueError):
            afxdp.Model(MIXED)

    def test_threads_share_a_model(self):
        model = afxdp.Model(OF_THE_FLOW[0])
        rows = afxdp.features(MIXED)
        want, got = model.predict(rows), [None] * 4

        def classify(place):
            got[place] = model.predict(rows)

        threads = [threading.Thread(target=classify, args=(place,)) for place in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for each in got:
            np.testing.assert_array_equal(each, want)


class Engines(unittest.TestCase):
    def test_a_run_equals_the_programs(self):
        want = json.loads(run("afxdp-engine", "-r", MIXED, "-m", TREE, "--action", "flood=drop",
                              "--json"))
        with afxdp.Engine(pcap=MIXED, model=TREE, action=["flood=drop"]) as engine:
            last = list(engine.poll())[-1]
        self.assertEqual((last.packets, last.dropped), (want["packets"], want["endings"]["dropped"]))
        for name in ("classes", "actions", "endings", "flows", "error"):
            self.assertEqual(engine.report[name], want[name])
        with self.assertRaises(RuntimeError):
            engine.totals()

    def test_events_are_those_of_the_program(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "eve.json")
            run("afxdp-engine", "-r", MIXED, "-m", TREE, "--eve", path)
            want = [json.loads(line) for line in path.read_text().splitlines()]
        with afxdp.Engine(pcap=MIXED, model=TREE, events=True) as engine:
            self.assertEqual(list(engine.events()), want)
        self.assertEqual(engine.report["events"]["written"], len(want))
        with self.assertRaisesRegex(RuntimeError, "events=True"):
            with afxdp.Engine(pcap=MIXED, model=TREE) as engine:
                next(engine.events())

    def test_mistakes_are_told_in_the_engines_words(self):
        with self.assertRaisesRegex(ValueError, "unknown option 'modle'"):
            afxdp.Engine(modle="x")
        with self.assertRaisesRegex(ValueError, "--bridge has no meaning with --pcap"):
            with afxdp.Engine(pcap=MIXED, model="none", bridge="eth9"):
                pass
        with self.assertRaises(FileNotFoundError):
            with afxdp.Engine(pcap="/nowhere", model="none"):
                pass

    def test_a_model_is_put_to_work_while_it_runs(self):
        said = []
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "model.q8")
            path.write_bytes(TREE.read_bytes())
            with afxdp.Engine(pcap=MIXED, model=path, message=said.append) as engine:
                path.write_bytes(NETWORK.read_bytes())
                engine.reload()
                self.assertRegex(said[-1], "is at work")
                path.write_bytes(b"no model")
                with self.assertRaises(ValueError):
                    engine.reload()
            self.assertEqual(engine.report["model"]["kind"], "nn")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
