#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""afxdp-model import: the ways in which exporters write one and the same network, and what they put
in front of it and behind it. Every variant is compared with the float network, computed here."""

import unittest

import graphs
from graphs import CLASSES, ROWS, TensorProto, ml, node, np, relu, save


class Networks(graphs.Imported):
    def test_weights_behind_nodes(self):
        nodes, tensors = self.rows.layers()
        self.variant("plain", nodes, tensors)
        self.variant("identity", [node("Identity", "c", "b0")] + nodes,
                     {**{k: v for k, v in tensors.items() if k != "b0"}, "c": self.rows.b0})
        self.variant("transposed", [node("Transpose", "t", "w0", perm=[1, 0])] + nodes,
                     {**{k: v for k, v in tensors.items() if k != "w0"}, "t": self.rows.w0.T})
        self.variant("doubles", [node("Cast", "d", "w0", to=TensorProto.FLOAT)] + nodes,
                     {**{k: v for k, v in tensors.items() if k != "w0"},
                      "d": self.rows.w0.astype(np.float64)})
        self.variant("reshaped", [node("Reshape", "f shape", "w0")] + nodes,
                     {**{k: v for k, v in tensors.items() if k != "w0"},
                      "f": self.rows.w0.ravel(), "shape": np.array([12, -1])})
        self.variant("computed", [node("Mul", "half two", "b0")] + nodes,
                     {**{k: v for k, v in tensors.items() if k != "b0"},
                      "half": self.rows.b0 / 2, "two": np.float32(2)})

    def test_constants_that_cannot_be(self):
        nodes, tensors = self.rows.layers()
        rest = {k: v for k, v in tensors.items() if k != "w0"}
        for name, first, extra, why in (
                ("shape", node("Reshape", "w shape", "w0"), {"shape": np.array([5, -1])},
                 "192 numbers don't fit its shape"),
                ("type", node("Cast", "w", "w0", to=TensorProto.FLOAT16), {},
                 "a cast to data type 10"),
                ("perm", node("Transpose", "w", "w0", perm=[0, 0]), {}, "'perm' isn't"),
                ("sizes", node("Add", "w v", "w0"), {"v": np.ones(5, np.float32)},
                 "Add of 192 and 5 numbers"),
                ("zero", node("Div", "w v", "w0"), {"v": np.float32(0)}, "isn't finite")):
            with self.subTest(name):
                path = save(self.path(f"{name}.onnx"), [first] + nodes,
                            {**rest, "w": self.rows.w0, **extra})
                self.assert_one_line(self.imported(path, *self.coded_arguments()), 2, why)
        chain = [node("Identity", "w" if i == 0 else f"i{i - 1}", "w0" if i == 19 else f"i{i}")
                 for i in range(20)]
        path = save(self.path("deep.onnx"), chain + nodes, {**rest, "w": self.rows.w0})
        self.assert_one_line(self.imported(path, *self.coded_arguments()), 2, "more than 16 nodes")

    def test_what_stands_behind(self):
        """Labels, probabilities and maps, as skl2onnx and PyTorch's users write them."""
        nodes, tensors = self.rows.layers()
        names = np.array(CLASSES, dtype=object)
        self.variant("cast", [node("Cast", "x", "f", to=TensorProto.FLOAT)]
                     + self.rows.layers("f")[0], tensors, dtype=TensorProto.DOUBLE)
        self.variant("softmax", nodes + [node("Softmax", "y", "p", axis=-1)], tensors, ("p",))
        self.variant("argmax", nodes + [node("ArgMax", "y", "label", axis=1, keepdims=0)], tensors,
                     ("label",))
        self.variant("both", nodes + [node("Sigmoid", "y", "p"),
                                      node("ArgMax", "p", "label", axis=-1)], tensors,
                     ("p", "label"))
        tail = [node("Softmax", "y", "p"), node("ArgMax", "p", "a", axis=1),
                ml("ZipMap", "p", "map", classlabels_strings=CLASSES),
                ml("ArrayFeatureExtractor", "names a", "e"), node("Reshape", "e shape", "label"),
                node("Identity", "label", "output_label")]
        both = {**tensors, "names": names, "shape": np.array([-1])}
        self.variant("labels", nodes + tail, both, ("output_label", "map"))
        path = save(self.path("own.onnx"), nodes + tail, both, ("output_label", "map"))
        expected = self.rows.logits(self.coded).argmax(axis=1)
        self.check(path, expected, 0.99, "--code", self.path("code.json"))  # its own names
        done = self.imported(path, *self.coded_arguments(["flood", "benign", "portscan"]))
        self.assert_one_line(done, 2, "its class 0 is 'benign', which is class 1 of the names")
        done = self.imported(path, *self.coded_arguments(["a", "b"]))
        self.assert_one_line(done, 2, "3 class labels, but there are 2")

    def test_labels_that_are_numbers_or_no_names(self):
        nodes, tensors = self.rows.layers()
        expected = self.rows.logits(self.coded).argmax(axis=1)
        tail = [node("ArgMax", "y", "a", axis=1), node("Gather", "names a", "label")]
        path = save(self.path("n.onnx"), nodes + tail,
                    {**tensors, "names": np.array([10, 20, 30])}, ("label",))
        self.check(path, expected, 0.99, "--code", self.path("code.json"),
                   names=["10", "20", "30"])
        path = save(self.path("bad.onnx"), nodes + [
            ml("ZipMap", "y", "map", classlabels_strings=["BENIGN", "Flood Attack", "x"])],
                    tensors, ("map",))
        self.assert_one_line(self.imported(path, "--code", self.path("code.json")), 2,
                             "give --classes", "class 0")
        path = save(self.path("two.onnx"), nodes + [
            ml("ZipMap", "y", "m1", classlabels_int64s=[0, 1, 2]),
            ml("ZipMap", "y", "m2", classlabels_int64s=[0, 2, 1])], tensors, ("m1", "m2"))
        self.assert_one_line(self.imported(path, *self.coded_arguments()), 2,
                             "it names other classes than a node before")

    def test_what_may_not_stand_behind(self):
        nodes, tensors = self.rows.layers()
        for name, tail, why in (
                ("neg", [node("Neg", "y", "z")], "operator Neg isn't supported behind"),
                ("axis", [node("Softmax", "y", "z", axis=0)], "axis 0 isn't the classes'"),
                ("last", [node("ArgMax", "y", "z", axis=1, select_last_index=1)],
                 "the last of equal classes"),
                ("int", [node("Softmax", "y", "p", axis=1),
                         node("Cast", "p", "z", to=TensorProto.INT64)], "operator Cast isn't"),
                ("min", [node("ArgMin", "y", "z", axis=1)], "operator ArgMin isn't supported"),
                ("hidden", [node("Identity", "h0", "z")], "isn't part of")):
            with self.subTest(name):
                path = save(self.path(f"{name}.onnx"), nodes + tail, tensors, ("z",))
                done = self.imported(path, *self.coded_arguments())
                self.assertEqual(done.returncode, 2)
                if name != "hidden":
                    self.assert_one_line(done, 2, why)

    def test_one_column_for_two_classes(self):
        rows = self.rows
        names = ["benign", "flood"]
        column = rows.w1[:, :1] - rows.w1[:, 1:2]
        tensors = {"w0": rows.w0, "b0": rows.b0, "w1": column,
                   "b1": np.zeros(1, np.float32), "one": np.float32(1), "half": np.float32(0.5),
                   "names": np.array(names, dtype=object), "shape": np.array([-1])}
        nodes = rows.layers()[0]
        expected = ((relu(self.coded @ rows.w0 + rows.b0) @ column)[:, 0] > 0).astype(int)
        sigmoid = node("Sigmoid", "y", "p")
        tails = {
            "margin": ([], ("y",)),
            "probability": ([sigmoid], ("p",)),
            "threshold": ([sigmoid, node("Greater", "p half", "g"),
                           node("Cast", "g", "label", to=TensorProto.INT64)], ("label",)),
            "skl2onnx": ([sigmoid, node("Sub", "one p", "q"), node("Concat", "q p", "pp", axis=1),
                          node("ArgMax", "pp", "a", axis=1),
                          ml("ZipMap", "pp", "map", classlabels_strings=names),
                          ml("ArrayFeatureExtractor", "names a", "e"),
                          node("Reshape", "e shape", "label")], ("label", "map")),
        }
        for name, (tail, outputs) in tails.items():
            with self.subTest(name):
                path = save(self.path(f"{name}.onnx"), nodes + tail, tensors, outputs)
                self.check(path, expected, 0.99, *self.coded_arguments(names), names=names)
        swapped = [sigmoid, node("Sub", "one p", "q"), node("Concat", "p q", "pp", axis=1)]
        path = save(self.path("swapped.onnx"), nodes + swapped, tensors, ("pp",))
        self.assert_one_line(self.imported(path, *self.coded_arguments(names)), 2,
                             "operator Concat isn't supported behind the model")

    def test_normalised_layers(self):
        """BatchNormalization and arithmetic behind a layer or behind its Relu."""
        rows, rng = self.rows, np.random.default_rng(3)
        numbers = {n: rng.uniform(0.5, 2, 16).astype(np.float32) for n in ("g", "b", "m", "v")}
        factor = numbers["g"] / np.sqrt(numbers["v"] + 1e-5)
        first = self.coded @ rows.w0 + rows.b0
        tensors = {**rows.layers()[1], **numbers, "k": rng.normal(size=16).astype(np.float32)}
        before = relu((first - numbers["m"]) * factor + numbers["b"])
        after = ((relu(first) - numbers["m"]) * factor + numbers["b"]) * tensors["k"]
        parts = [node("MatMul", "x w0", "p0"), node("Add", "b0 p0", "s0")]
        end = [node("MatMul", "h w1", "p1"), node("Add", "p1 b1", "y")]
        normal = "g b m v"
        for name, middle, hidden in (
                ("before", [node("BatchNormalization", f"s0 {normal}", "n"),
                            node("Relu", "n", "h")], before),
                ("after", [node("Relu", "s0", "r"), node("BatchNormalization", f"r {normal}", "n"),
                           node("Mul", "k n", "h")], after)):
            self.variant(name, parts + middle + end, tensors,
                         expected=(hidden @ rows.w1 + rows.b1).argmax(axis=1))

    def test_raw_integers_with_scaling_in_front(self):
        rows = self.rows
        mean, deviation = rows.mean.astype(np.float32), rows.deviation.astype(np.float32)
        fronts = {
            "scaler": [ml("Scaler", "x", "z", offset=mean.tolist(),
                          scale=(1 / deviation).tolist())],
            "arithmetic": [node("Sub", "x mean", "c"), node("Div", "c deviation", "z")],
            "falling": [node("Sub", "mean x", "c"), node("Div", "c minus", "z")],
            "normalised": [node("BatchNormalization", "x one zero mean variance", "z",
                                epsilon=0.0)],
        }
        tensors = {"mean": mean, "deviation": deviation, "variance": deviation ** 2,
                   "one": np.ones(12, np.float32), "zero": np.zeros(12, np.float32),
                   "minus": -deviation}
        expected = rows.logits(rows.scaled()).argmax(axis=1)
        for name, front in fronts.items():
            with self.subTest(name):
                nodes, plain = rows.layers("z")
                path = save(self.path(f"{name}.onnx"), front + nodes, {**plain, **tensors})
                self.check(path, expected, 0.97, "--classes", ",".join(CLASSES))
        logs = np.log(rows.x + 1.0)
        nodes, plain = rows.layers("z")
        path = save(self.path("log.onnx"), [node("Add", "x one", "c"), node("Log", "c", "z")]
                    + nodes, {**plain, "one": np.float32(1)})
        self.check(path, rows.logits(logs).argmax(axis=1), 0.98, "--classes", ",".join(CLASSES))
        path = save(self.path("bare.onnx"), [node("Log", "x", "z")] + nodes, plain)
        self.assert_one_line(self.imported(path, "--classes", ",".join(CLASSES)), 2,
                             "the scaling of sport isn't finite at 0")

    def test_raw_integers_without_scaling(self):
        """The factors are in the weights, so only --raw tells."""
        rows = self.rows
        nodes, plain = rows.layers()
        plain["w0"] = (rows.w0 / rows.deviation[:, None]).astype(np.float32)
        plain["b0"] = (rows.b0 - (rows.mean / rows.deviation) @ rows.w0).astype(np.float32)
        path = save(self.path("folded.onnx"), nodes, plain)
        classes = ("--classes", ",".join(CLASSES))
        self.assert_one_line(self.imported(path, *classes), 2, "give --code", "--raw")
        expected = rows.logits(rows.scaled()).argmax(axis=1)
        self.check(path, expected, 0.97, "--raw", *classes)
        self.check(path, expected, 0.97, "--raw", "--code", self.path("code.json"), *classes)

    def test_logistic_regression(self):
        rows = self.rows
        rng = np.random.default_rng(5)
        for classes in (2, 3):
            names = CLASSES[:classes]
            w = rng.normal(size=(classes, 12)).astype(np.float32)
            if classes == 2:
                w[0] = -w[1]
            expected = (rows.scaled() @ w.T).argmax(axis=1)
            nodes = [ml("Scaler", "x", "z", offset=rows.mean.tolist(),
                        scale=(1 / rows.deviation).tolist()),
                     ml("LinearClassifier", "z", "l s", coefficients=w.ravel().tolist(),
                        intercepts=[0.0] * classes, classlabels_strings=names, multi_class=1,
                        post_transform="LOGISTIC"),
                     ml("Normalizer", "s", "p", norm="L1"),
                     ml("ZipMap", "p", "map", classlabels_strings=names)]
            path = save(self.path(f"l{classes}.onnx"), nodes, {}, ("l", "map"))
            with self.subTest(classes):
                self.check(path, expected, 0.97, names=names)
            next(a for a in nodes[1].attribute if a.name == "coefficients").floats.append(1)
            path = save(self.path("bad.onnx"), nodes, {}, ("l", "map"))
            self.assert_one_line(self.imported(path), 2, "coefficients and")

    def test_inputs_of_every_type(self):
        for dtype in (TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.INT64,
                      TensorProto.INT32):
            nodes = [ml("TreeEnsembleClassifier", "x", "l s",
                        nodes_treeids=[0, 0, 0], nodes_nodeids=[0, 1, 2],
                        nodes_featureids=[0, 0, 0], nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"],
                        nodes_values=[1000.0, 0.0, 0.0], nodes_truenodeids=[1, 0, 0],
                        nodes_falsenodeids=[2, 0, 0], class_treeids=[0, 0], class_nodeids=[1, 2],
                        class_ids=[0, 1], class_weights=[1.0, 1.0],
                        classlabels_int64s=[0, 1], post_transform="NONE"),
                     node("Cast", "l", "label", to=TensorProto.INT64),
                     ml("ZipMap", "s", "map", classlabels_int64s=[0, 1])]
            path = save(self.path(f"t{dtype}.onnx"), nodes, {}, ("label", "map"), dtype=dtype)
            with self.subTest(dtype):
                expected = (self.rows.x[:, 0] > 1000).astype(int)
                self.assertEqual(self.check(path, expected, 1, names=["0", "1"]), 1)
        path = save(self.path("bool.onnx"), nodes, {}, ("label",), dtype=TensorProto.BOOL)
        self.assert_one_line(self.imported(path), 2, "isn't float, double, int64 or int32")

    def test_trees_behind_a_scaler(self):
        """Thresholds on scaled features become the integers that ask the same."""
        rows = self.rows
        for sign in (1, -1):
            scale = np.where(np.arange(12) == 0, sign / 977, 1 / rows.deviation)
            offset = np.float32(rows.mean[0])
            threshold = float(np.float32(0.25))
            nodes = [node("Cast", "x", "f", to=TensorProto.FLOAT),
                     ml("Scaler", "f", "z", offset=[float(offset)] + [0.0] * 11,
                        scale=scale.tolist()),
                     ml("TreeEnsembleClassifier", "z", "l s",
                        nodes_treeids=[0, 0, 0], nodes_nodeids=[0, 1, 2],
                        nodes_featureids=[0, 0, 0], nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"],
                        nodes_values=[threshold, 0.0, 0.0], nodes_truenodeids=[1, 0, 0],
                        nodes_falsenodeids=[2, 0, 0], class_treeids=[0, 0], class_nodeids=[1, 2],
                        class_ids=[0, 1], class_weights=[1.0, 1.0],
                        classlabels_strings=["benign", "flood"], post_transform="NONE")]
            path = save(self.path("t.onnx"), nodes, {}, ("l", "s"), dtype=TensorProto.INT64)
            scaled = (rows.x[:, 0].astype(np.float32) - offset) * np.float32(scale[0])
            expected = (scaled > threshold).astype(int)
            with self.subTest(sign):
                self.assertEqual(self.check(path, expected, 1, names=["benign", "flood"]), 1)
        nodes[1] = node("Log", "f", "z")
        path = save(self.path("log.onnx"), nodes, {}, ("l", "s"), dtype=TensorProto.INT64)
        self.assert_one_line(self.imported(path), 2, "trees need no scaling")

    def test_imports_that_make_no_sense(self):
        """Refused by their share of right verdicts or of agreement; --force only warns."""
        rows = self.rows
        nodes, plain = rows.layers()
        good = rows.logits(self.coded).argmax(axis=1)
        path = save(self.path("n.onnx"), nodes, plain)
        self.check(path, good, 0.99, *self.coded_arguments())
        # One that knows nothing of what a single feature tells.
        sport = np.digitize(rows.x[:, 0], [20000, 44000])
        self.relabel(np.where(np.arange(ROWS) % 5, sport, good), CLASSES)
        wrong = self.imported(path, *self.coded_arguments())
        self.assert_one_line(wrong, 2, "of the labelled rows, sport alone", "it isn't fed what it was trained on",
                             "--force")
        forced = self.imported(path, *self.coded_arguments(), "--force")
        self.assertEqual(forced.returncode, 0)
        self.assertIn(b"warning: ", forced.stderr)
        # Classes in another order, on fewer rows than a feature is measured on.
        self.table(rows.x[:300], [CLASSES[(i + 1) % 3] for i in good[:300]])
        self.assert_one_line(self.imported(path, *self.coded_arguments()), 2,
                             "the most common class alone", "its classes stand in another order")

    def test_scaling_that_a_byte_cannot_hold(self):
        """Half the rows decide within what is one step of the code between the others."""
        rows = self.rows
        rows.x[:, 4] = np.where(np.arange(ROWS) % 2, 10 ** 9 + np.arange(ROWS), np.arange(ROWS) % 64)
        column = np.zeros((12, 2), np.float32)
        column[4] = [0, 1]
        path = save(self.path("n.onnx"), [node("Sub", "x low", "c"), node("MatMul", "c w", "y")],
                    {"low": np.full(12, 31.5, np.float32), "w": column})
        self.relabel((rows.x[:, 4] > 31).astype(int), ["benign", "flood"])
        done = self.imported(path, "--classes", "benign,flood")
        self.assert_one_line(done, 2, "its integers agree with the original on only", "--force")


if __name__ == "__main__":
    unittest.main()
