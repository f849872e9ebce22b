# SPDX-License-Identifier: BSD-2-Clause
"""ONNX graphs for the tests of afxdp-model import: rows, a float network on them, and how to import
and compare."""

import csv
import json
import sys
import unittest

import programs
from programs import run

try:
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper
except ImportError as missing:
    print(f"skipped: {missing}", file=sys.stderr)
    sys.exit(77)

NAMES = ("sport dport protocol length interval direction mean_length mean_interval mean_direction "
         "dev_length dev_interval dev_direction").split()
CLASSES = ["benign", "flood", "portscan"]
ROWS = 1200


def node(op, inputs, output, domain="", **attributes):
    outputs = output.split()
    return helper.make_node(op, inputs.split(), outputs, name=f"n_{outputs[0]}", domain=domain,
                            **attributes)


def ml(op, inputs, output, **attributes):
    return node(op, inputs, output, "ai.onnx.ml", **attributes)


def save(path, nodes, tensors, outputs=("y",), dtype=TensorProto.FLOAT, opset=13, ml_opset=3):
    """A file of these nodes from x; tensors: name -> array; outputs: names of floats, or (name,
    type)."""
    named = [each if isinstance(each, tuple) else (each, TensorProto.FLOAT) for each in outputs]
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", dtype, [None, 12])],
        [helper.make_tensor_value_info(name, kind, None) for name, kind in named],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in tensors.items()])
    onnx.save(helper.make_model(graph, ir_version=7, opset_imports=[
        helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", ml_opset)]), path)
    return path


def tensor(values):
    """For an attribute."""
    return numpy_helper.from_array(values)


def relu(values):
    return np.maximum(values, 0)


class Rows:
    """Raw integers as flows have them, and the labels of a network that was made up for them."""

    def __init__(self, classes):
        rng = np.random.default_rng(7)
        x = np.exp(rng.uniform(0, 8, (ROWS, 12))).astype(np.int64)
        x[:, 0] = rng.integers(0, 65536, ROWS)
        x[:, 2] = rng.choice([1, 6, 17], ROWS)
        x[:, 5] = rng.integers(0, 2, ROWS)
        self.x = x
        self.mean, self.deviation = x.mean(axis=0), x.std(axis=0)
        self.w0 = rng.normal(size=(12, 16)).astype(np.float32)
        self.b0 = rng.normal(size=16).astype(np.float32)
        self.w1 = rng.normal(size=(16, classes)).astype(np.float32)
        self.b1 = np.zeros(classes, dtype=np.float32)

    def logits(self, inputs):
        return relu(inputs @ self.w0 + self.b0) @ self.w1 + self.b1

    def scaled(self):
        return (self.x - self.mean) / self.deviation

    def layers(self, value="x"):
        """The plain network from `value` to y, and its tensors."""
        return ([node("MatMul", f"{value} w0", "p0"), node("Add", "p0 b0", "s0"),
                 node("Relu", "s0", "h0"), node("MatMul", "h0 w1", "p1"),
                 node("Add", "p1 b1", "y")],
                {"w0": self.w0, "b0": self.b0, "w1": self.w1, "b1": self.b1})


class Imported(programs.Test):
    def setUp(self):
        super().setUp()
        self.rows = Rows(3)
        self.table(self.rows.x, [CLASSES[i % 3] for i in range(ROWS)])
        self.assertEqual(run("afxdp-model", "code", self.path("rows.csv"), "-o",
                             self.path("code.json")).returncode, 0)
        tables = json.loads(self.read("code.json"))["tables"]
        self.coded = np.array([[tables[f][self.index(v)] / 127 for f, v in enumerate(row)]
                               for row in self.rows.x.tolist()])

    @staticmethod
    def index(value):
        if value < 16:
            return value
        log = value.bit_length() - 1
        return ((log - 3) << 4) + ((value >> (log - 4)) & 15)

    def table(self, x, labels, name="rows.csv"):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(",".join(["index"] + NAMES + ["label"]) + "\n")
            for i, (row, label) in enumerate(zip(x.tolist(), labels)):
                file.write(",".join(map(str, [i] + row + [label])) + "\n")

    def relabel(self, verdicts, names):
        self.table(self.rows.x, [names[i] for i in verdicts])

    def imported(self, path, *arguments):
        return run("afxdp-model", "import", path, "--calibrate", self.path("rows.csv"), "-o",
                   self.path("x.q8"), *arguments)

    def coded_arguments(self, names=None):
        return ("--code", self.path("code.json"), "--classes", ",".join(names or CLASSES))

    def verdicts(self, names):
        done = run("afxdp-model", "eval", self.path("x.q8"), self.path("rows.csv"), "--verdicts",
                   self.path("v.csv"))
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(self.path("v.csv"), encoding="utf-8") as file:
            return np.array([names.index(row["class"]) for row in csv.DictReader(file)])

    def check(self, path, expected, least, *arguments, names=None):
        """Imports and compares the verdicts; the labels are the float network's."""
        names = names or CLASSES
        self.relabel(expected, names)
        done = self.imported(path, *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        share = (self.verdicts(names) == expected).mean()
        self.assertGreaterEqual(share, least, path)
        return share

    def variant(self, name, nodes, tensors, outputs=("y",), expected=None, **options):
        """One that is the plain network on codes."""
        path = save(self.path(f"{name}.onnx"), nodes, tensors, outputs, **options)
        if expected is None:
            expected = self.rows.logits(self.coded).argmax(axis=1)
        with self.subTest(name):
            self.check(path, expected, 0.99, *self.coded_arguments())
