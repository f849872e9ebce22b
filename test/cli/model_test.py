#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""afxdp-model: from rows to an input code, from ONNX to a model that the engine runs."""

import csv
import json
import os
import stat
import subprocess
import sys
import unittest

import programs
import q8
from programs import MIXED, engine, report, run

try:
    import numpy
    import onnx
    from onnx import TensorProto, helper, numpy_helper
except ImportError as missing:
    print(f"skipped: {missing}", file=sys.stderr)
    sys.exit(77)

CLASSES = ["low", "high", "odd"]


def network(path, classes=None, code=None, activation="Relu", outputs=3, inputs=12):
    """A network 12-8-k with fixed weights, or of more inputs, as ONNX."""
    rng = numpy.random.RandomState(1)
    shapes = {"w0": (8, inputs), "b0": (8,), "w1": (outputs, 8), "b1": (outputs,)}
    weights = [numpy_helper.from_array(rng.normal(size=shape).astype(numpy.float32), name)
               for name, shape in shapes.items()]
    nodes = [helper.make_node("Gemm", ["x", "w0", "b0"], ["s"], transB=1),
             helper.make_node(activation, ["s"], ["h"], name="activation"),
             helper.make_node("Gemm", ["h", "w1", "b1"], ["y"], transB=1)]
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", inputs])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", outputs])], weights)
    model = helper.make_model(graph, ir_version=7, opset_imports=[helper.make_opsetid("", 13)])
    for key, value in (("afxdp.classes", classes), ("afxdp.code", code)):
        if value:
            model.metadata_props.add(key=key, value=value)
    onnx.save(model, path)
    return path


class Model(programs.Test):
    def setUp(self):
        super().setUp()
        self.csv, self.code = self.path("features.csv"), self.path("code.json")
        self.assertEqual(run("afxdp-features", MIXED, "-o", self.csv).returncode, 0)
        with open(self.csv, encoding="utf-8") as file:
            rows = list(csv.DictReader(file))[::40]
        for i, row in enumerate(rows):
            row["label"] = CLASSES[i % 3]
        with open(self.csv, "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        self.rows = rows
        done = run("afxdp-model", "code", self.csv, "-o", self.code)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"", b""))

    def model(self, onnx_file, *arguments):
        return run("afxdp-model", "import", onnx_file, "--calibrate", self.csv, "-o",
                   self.path("x.q8"), *arguments)

    def test_from_rows_to_verdicts(self):
        onnx_file = network(self.path("x.onnx"), json.dumps(CLASSES), self.read("code.json"))
        provenance = self.write("p.json", b'{"not_for": "anything \\u001b[2J real"}')
        done = self.model(onnx_file, "--provenance", provenance)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertIn(b"agrees with the ONNX model on ", done.stdout)
        shown = run("afxdp-model", "inspect", self.path("x.q8"))
        self.assertEqual((shown.returncode, shown.stderr), (0, b""))
        text = shown.stdout.decode()
        for part in ("neural network 12-8-3", "high  count", "not for      anything ?[2J real",
                     "afxdp-model ", '"scales": '):
            self.assertIn(part, text)
        self.assertNotIn("\x1b", text)
        result = report(engine("--pcap", MIXED, "--json", model=self.path("x.q8")))
        self.assertEqual(sorted(result["classes"]), sorted(CLASSES))
        checksum = result["model"]["checksum"]
        self.assertIn(f"checksum     {checksum}", text)

    def test_models_of_28_features(self):
        """Rows of set 2 make models of either set; rows of set 1 don't make one of set 2."""
        both, code = self.path("both.csv"), self.path("both.json")
        names = list(self.rows[0])[:13] + list(q8.NAMES[12:]) + ["label"]
        with open(both, "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            for i, row in enumerate(self.rows):
                more = {name: (i + 1) * (f + 3) % 97 for f, name in enumerate(q8.NAMES[12:])}
                writer.writerow({name: row.get(name, more.get(name)) for name in names})
        self.assertEqual(run("afxdp-model", "code", both, "-o", code).returncode, 0)
        self.assertEqual(json.loads(self.read("both.json"))["features"], list(q8.NAMES))
        for wanted in ("1", "2"):
            done = run("afxdp-model", "code", both, "--set", wanted)
            own = self.read("code.json" if wanted == "1" else "both.json")
            self.assertEqual(done.stdout.decode(), own)
        done = run("afxdp-model", "code", both, "--set", "3")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"--set 3: allowed are 1 to 2", done.stderr)

        onnx_file = network(self.path("x.onnx"), json.dumps(CLASSES), self.read("both.json"),
                            inputs=28)
        done = self.model(onnx_file)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"'flags_forward' is missing: feature set 2 is wanted", done.stderr)
        done = self.model(onnx_file, "--calibrate", both)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        shown = run("afxdp-model", "inspect", self.path("x.q8")).stdout.decode()
        self.assertIn("neural network 28-8-3\nfeatures     set 2: 28", shown)
        self.assertEqual(run("afxdp-model", "eval", self.path("x.q8"), both).returncode, 0)
        done = run("afxdp-model", "eval", self.path("x.q8"), self.csv)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"feature set 2 is wanted", done.stderr)
        other = network(self.path("y.onnx"), json.dumps(CLASSES), self.read("code.json"))
        self.assertEqual(self.model(other, "--calibrate", both).returncode, 0)
        first = run("afxdp-model", "eval", self.path("x.q8"), both)
        self.assertEqual(first.stdout, run("afxdp-model", "eval", self.path("x.q8"),
                                           self.csv).stdout)
        self.assertEqual(self.model(network(self.path("z.onnx"), json.dumps(CLASSES),
                                            self.read("code.json"), inputs=28),
                                    "--calibrate", both).returncode, 2)

    def test_a_tree_of_version_2_written_by_hand(self):
        """The bytes of docs/q8.md; its golden vectors are right in every variant."""
        tree = self.write("tree.q8", q8.tree(version=2))
        shown = run("afxdp-model", "inspect", tree)
        self.assertEqual((shown.returncode, shown.stderr), (0, b""))
        self.assertIn(b"decision tree of 5 nodes, 2 deep\nfeatures     set 2", shown.stdout)
        self.assertIn(b"3 vectors, right in every variant", shown.stdout)
        for version, name in ((3, "version"), (1, "the file has")):
            with open(tree, "rb") as file:
                content = bytearray(file.read())
            content[8] = content[24] = version
            wrong = self.write("wrong.q8", q8.with_checksum(bytes(content[:-4])))
            done = run("afxdp-model", "inspect", wrong)
            self.assertEqual(done.returncode, 2)
            self.assertIn(name, done.stderr.decode())
        content[8], content[24] = 1, 2
        done = run("afxdp-model", "inspect",
                   self.write("mixed.q8", q8.with_checksum(bytes(content[:-4]))))
        self.assertIn(b"feature set 2 in a file of format version 1", done.stderr)

    def test_options_supply_what_the_file_lacks_and_give_the_same_bytes(self):
        whole = network(self.path("a.onnx"), json.dumps(CLASSES), self.read("code.json"))
        self.assertEqual(self.model(whole).returncode, 0)
        with open(self.path("x.q8"), "rb") as file:
            first = file.read()
        bare = network(self.path("b.onnx"))
        self.assertEqual(self.model(bare, "--code", self.code, "--classes",
                                    ",".join(CLASSES)).returncode, 0)
        with open(self.path("x.q8"), "rb") as file:
            self.assertEqual(file.read(), first)

    def test_coded_columns_are_the_codes_of_the_raw_ones(self):
        tables = json.loads(self.read("code.json"))
        done = run("afxdp-features", MIXED, "--code", self.code)
        self.assertEqual(done.returncode, 0)
        coded = {row["index"]: row for row in csv.DictReader(done.stdout.decode().splitlines())}
        for row in self.rows:
            for name, table in zip(tables["features"], tables["tables"]):
                value = int(row[name])
                log = max(value.bit_length() - 1, 0)
                at = value if value < 16 else ((log - 3) << 4) + ((value >> (log - 4)) & 15)
                self.assertEqual(int(coded[row["index"]][name]), table[at], (row, name))

    def test_bad_input(self):
        good = network(self.path("a.onnx"), json.dumps(CLASSES), self.read("code.json"))
        bare = network(self.path("b.onnx"))
        list_of_four = ",".join(CLASSES + ["more"])
        with open(good, "rb") as file:
            cut = self.write("cut.onnx", file.read()[:500])
        text = self.write("text.json", b"hello")
        unlabelled = self.path("plain.csv")
        run("afxdp-features", MIXED, "-o", unlabelled)
        cases = [
            ((), "the model file is missing"),
            ((good,), "--calibrate is missing"),
            ((good, "--calibrate", self.csv), "--output is missing"),
            ((self.path("none"), "--calibrate", self.csv, "-o", "x"), "cannot open"),
            ((cut, "--calibrate", self.csv, "-o", "x"), cut),
            ((text, "--calibrate", self.csv, "-o", "x"), text),
            ((good, "--calibrate", text, "-o", "x"), text),
            ((good, "--calibrate", unlabelled, "-o", "x"), "no calibration row has a label"),
            ((bare, "--calibrate", self.csv, "-o", "x"), "--classes"),
            ((bare, "--calibrate", self.csv, "-o", "x", "--classes", "low,high,odd"), "--code"),
            ((good, "--calibrate", self.csv, "-o", "x", "--classes", "a,b,c"),
             "label 'low' is no class"),
            ((good, "--calibrate", self.csv, "-o", "x", "--classes", list_of_four),
             "3 outputs for 4 classes"),
            ((bare, "--calibrate", self.csv, "-o", "x", "--classes", "low,high,odd", "--code",
              text), "input code"),
            ((good, "--calibrate", self.csv, "-o", "x", "--provenance", text), text),
            ((good, "--calibrate", self.csv, "-o", "/nowhere/x.q8"), "/nowhere/x.q8"),
            ((network(self.path("c.onnx"), json.dumps(CLASSES), self.read("code.json"),
                      "Sigmoid"), "--calibrate", self.csv, "-o", "x"),
             "node 'activation': operator Sigmoid isn't supported"),
        ]
        for arguments, part in cases:
            with self.subTest(arguments):
                self.assert_one_line(run("afxdp-model", "import", *arguments, cwd=self.folder), 2,
                                     part)
        self.assert_one_line(run("afxdp-model", "frobnicate"), 2, "unknown verb")
        self.assert_one_line(run("afxdp-model", "inspect"), 2, "no model")
        self.assert_one_line(run("afxdp-model", "inspect", good), 2, "not a .q8 model")
        self.assert_one_line(run("afxdp-model", "code"), 2, "no rows")
        self.assert_one_line(run("afxdp-model", "code", text), 2, text)

    def test_devices_stay_what_they_are(self):
        """A model written to a FIFO or a device goes through it and doesn't take its place."""
        onnx_file = network(self.path("x.onnx"), json.dumps(CLASSES), self.read("code.json"))
        self.assertEqual(self.model(onnx_file).returncode, 0)
        with open(self.path("x.q8"), "rb") as file:
            expected = file.read()
        os.remove(self.path("x.q8"))
        os.mkfifo(self.path("x.q8"))
        with subprocess.Popen(["cat", self.path("x.q8")], stdout=subprocess.PIPE) as reader:
            self.assertEqual(self.model(onnx_file).returncode, 0)
            self.assertEqual(reader.communicate(timeout=60)[0], expected)
        self.assertTrue(stat.S_ISFIFO(os.stat(self.path("x.q8")).st_mode))
        os.remove(self.path("x.q8"))
        os.symlink("/dev/full", self.path("x.q8"))
        self.assert_one_line(self.model(onnx_file), 1, "x.q8", "No space left")
        self.assertTrue(os.path.islink(self.path("x.q8")))
        self.assert_one_line(run("afxdp-model", "code", self.csv, "-o", "/dev/full"), 1,
                             "/dev/full", "No space left")

    def test_reserved_class_names_are_refused(self):
        onnx_file = network(self.path("x.onnx"), '["low", "high", "other"]',
                            self.read("code.json"))
        with open(self.csv, encoding="utf-8") as file:
            changed = file.read().replace(",odd", ",other")
        self.csv = self.write("changed.csv", changed.encode())
        self.assert_one_line(self.model(onnx_file), 2, "'other' is reserved")


if __name__ == "__main__":
    unittest.main()
