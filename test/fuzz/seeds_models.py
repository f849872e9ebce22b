# SPDX-License-Identifier: BSD-2-Clause
"""Small made-up models for the fuzzers: ONNX graphs, boosted trees of other tools, .q8 files."""

import struct
import zlib

try:
    import numpy
    from onnx import TensorProto, helper, numpy_helper
except ImportError:  # a build without them replays no ONNX seeds
    helper = None


def onnx_scaled(value, weights):
    """Scaling in front, weights behind nodes, one column, labels and maps behind."""
    tensors = weights[1:2] + [numpy_helper.from_array(array, name) for name, array in (
        ("t", numpy.ones((4, 12), "float32")), ("w1", numpy.ones((4, 1), "float32")),
        ("one", numpy.float32(1)), ("shape", numpy.array([-1])),
        ("names", numpy.array(["benign", "attack"], dtype=object)))]
    nodes = [helper.make_node(*parts, **rest) for parts, rest in (
        (("Scaler", ["x"], ["z"]), {"domain": "ai.onnx.ml", "offset": [1.0], "scale": [0.01]}),
        (("Transpose", ["t"], ["w0"]), {"perm": [1, 0]}),
        (("MatMul", ["z", "w0"], ["m"]), {}), (("Add", ["b0", "m"], ["s"]), {}),
        (("Relu", ["s"], ["r"]), {}), (("Mul", ["r", "b0"], ["k"]), {}),
        (("MatMul", ["k", "w1"], ["y"]), {}), (("Sigmoid", ["y"], ["p"]), {}),
        (("Sub", ["one", "p"], ["q"]), {}), (("Concat", ["q", "p"], ["pp"]), {"axis": 1}),
        (("ArgMax", ["pp"], ["a"]), {"axis": 1}),
        (("ArrayFeatureExtractor", ["names", "a"], ["e"]), {"domain": "ai.onnx.ml"}),
        (("Reshape", ["e", "shape"], ["label"]), {}))]
    yield "scaled", helper.make_model(helper.make_graph(
        nodes, "scaled", [value("x", TensorProto.INT64, [None, 12])],
        [value("label", TensorProto.STRING, [None])], tensors))
    linear = helper.make_node(
        "LinearClassifier", ["x"], ["label", "scores"], domain="ai.onnx.ml",
        coefficients=[0.5] * 24, intercepts=[0.0, 1.0], classlabels_ints=[0, 1],
        post_transform="LOGISTIC")
    yield "linear", helper.make_model(helper.make_graph(
        [linear], "linear", [value("x", TensorProto.FLOAT, [None, 12])],
        [value("label", TensorProto.INT64, [None])]))


def onnx_models():
    """Networks and trees of either feature set as torch and skl2onnx would write them."""
    if not helper:
        return
    value = helper.make_tensor_value_info
    for features in (12, 28):
        random = numpy.random.RandomState(1)
        weights = [numpy_helper.from_array(random.rand(*shape).astype("float32"), name)
                   for name, shape in (("w0", (4, features)), ("b0", (4,)), ("w1", (2, 4)),
                                       ("b1", (2,)))]
        layers = [helper.make_node("Gemm", ["x", "w0", "b0"], ["h"], transB=1),
                  helper.make_node("Relu", ["h"], ["r"]),
                  helper.make_node("Gemm", ["r", "w1", "b1"], ["y"], transB=1)]
        yield f"nn-{features}", helper.make_model(helper.make_graph(
            layers, "nn", [value("x", TensorProto.FLOAT, [None, features])],
            [value("y", TensorProto.FLOAT, [None, 2])], weights))
        if features == 12:
            yield from onnx_scaled(value, weights)
        tree = helper.make_node(
            "TreeEnsembleClassifier", ["x"], ["label", "scores"], domain="ai.onnx.ml",
            nodes_treeids=[0, 0, 0], nodes_nodeids=[0, 1, 2],
            nodes_featureids=[features - 11, 0, 0], nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"],
            nodes_values=[22.5, 0.0, 0.0], nodes_truenodeids=[1, 0, 0],
            nodes_falsenodeids=[2, 0, 0], nodes_hitrates=[1.0, 1.0, 1.0],
            nodes_missing_value_tracks_true=[0, 0, 0], class_treeids=[0, 0],
            class_nodeids=[1, 2], class_ids=[0, 0], class_weights=[0.0, 1.0],
            classlabels_strings=["benign", "attack"], post_transform="NONE")
        yield f"tree-{features}", helper.make_model(helper.make_graph(
            [tree], "tree", [value("x", TensorProto.FLOAT, [None, features])],
            [value("label", TensorProto.STRING, [None]),
             value("scores", TensorProto.FLOAT, [None, 2])]))


def boosted():
    """XGBoost's JSON and UBJSON and LightGBM's text, one small tree each."""
    tree = ('"left_children":[1,-1,-1],"right_children":[2,-1,-1],"split_indices":[3,0,0],'
            '"split_conditions":[5E2,-1E0,2.5E-1],"default_left":[1,0,0],"split_type":[0,0,0]')
    yield "x.json", ('{"learner":{"attributes":{"best_iteration":"0"},"feature_names":[],'
                     '"gradient_booster":{"model":{"gbtree_model_param":{"num_parallel_tree":"1"},'
                     f'"tree_info":[0],"trees":[{{{tree}}}]}},"name":"gbtree"}},'
                     '"learner_model_param":{"base_score":"5E-1","num_class":"0",'
                     '"num_feature":"12"},"objective":{"name":"binary:logistic"}},'
                     '"version":[1,7,4]}').encode()

    def key(name, value):
        return b"L" + struct.pack(">q", len(name)) + name.encode() + value

    def text(value):
        return b"SL" + struct.pack(">q", len(value)) + value.encode()

    def numbers(letter, form, *values):
        return (b"[$" + letter + b"#L" + struct.pack(">q", len(values))
                + struct.pack(f">{len(values)}{form}", *values))

    tree = (b"{" + key("left_children", numbers(b"l", "i", 1, -1, -1))
            + key("right_children", numbers(b"l", "i", 2, -1, -1))
            + key("split_indices", numbers(b"l", "i", 3, 0, 0))
            + key("split_conditions", numbers(b"d", "f", 500, -1, 0.25)) + b"}")
    booster = b"{" + key("model", b"{" + key("tree_info", numbers(b"l", "i", 0))
                         + key("trees", b"[#L" + struct.pack(">q", 1) + tree) + b"}") + b"}"
    yield "x.ubj", (b"{" + key("learner", b"{" + key("gradient_booster", booster) + key(
        "learner_model_param", b"{" + key("num_feature", text("12")) + b"}") + key(
            "objective", b"{" + key("name", text("binary:logistic")) + b"}") + b"}") + b"}")
    yield "l.txt", (b"tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\n"
                    b"max_feature_idx=11\nobjective=binary sigmoid:1\n\nTree=0\nnum_leaves=3\n"
                    b"split_feature=3 1\nthreshold=500.5 22\ndecision_type=2 4\n"
                    b"left_child=1 -1\nright_child=-2 -3\nleaf_value=-1 2 0.5\nis_linear=0\n\n"
                    b"end of trees\n")


def model(kind, payload, version=1, classes=(b"benign", b"attack")):
    """A .q8 file (engine/core/q8_layout.h) around a payload."""
    features = 12 if version == 1 else 28
    body = b"".join(name.ljust(31, b"\0") + b"\0" for name in classes)
    provenance = b'{"made":"by seeds.py"}'
    golden = struct.pack(f"<{features}IHH", *range(features), 0, 500)
    length = 64 + 512 + len(body) + len(provenance) + len(payload) + len(golden) + 4
    header = b"AFXDPq8\n" + struct.pack("<IIQIIIIII", version, kind, length, version, len(classes),
                                        len(provenance), len(payload), 1, 4) + bytes(16)
    content = header + struct.pack("<256H", *range(256)) + body + provenance + payload + golden
    return content + struct.pack("<I", zlib.crc32(content))


def network(features):
    """An NN's payload (nn/nn_layout.h), of so many inputs, 4 and 2."""
    code = bytes(min(i // 4, 127) for i in range(464)) * features
    content = struct.pack("<IIII", 2, 464, 0, 0) + code
    for inputs, outputs in ((features, 4), (4, 2)):
        shift = 7 if outputs == 4 else 0
        content += struct.pack("<II", inputs, outputs) + struct.pack("<i", 64) * outputs
        content += bytes([shift] * outputs)
        content += bytes((7 * i) % 255 % 127 for i in range(inputs * outputs))
    return content


def forest(version):
    """A payload of two trees of depth 2 and 0 (dt/dt.h), two classes."""
    bits, leaf, last = (4, 12, 2) if version == 1 else (5, 31, 27)
    nodes = [(threshold, left << bits | feature) for threshold, left, feature in (
        (22, 1, 1), (0, 1, leaf), (6, 3, last), (1, 3, leaf), (0, 4, leaf), (1, 5, leaf))]
    content = struct.pack("<IIII", 2, len(nodes), 2, 0) + struct.pack("<IIII", 0, 2, 5, 0)
    for node in nodes:
        content += struct.pack("<II", *node)
    return content + struct.pack("<4i", 1 << 28, 0, 0, 1 << 28)
