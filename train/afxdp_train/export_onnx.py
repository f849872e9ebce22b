# SPDX-License-Identifier: BSD-2-Clause
"""Models as ONNX, by the contract of the design page ("From ONNX").

An NN is a chain of Gemm and Relu on float [N, features] = code / 127; a tree or forest is a
TreeEnsembleClassifier on the raw integers as float32.
"""

import json

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from . import tree as trees

PRODUCER = "afxdp-engine train"
FEATURE_SETS = {12: "1", 28: "2"}  # by the width of a row


def finish(graph, path, classes, features, properties=None, opsets=(("", 13),)):
    """features: how many a row has, which tells the feature set."""
    model = helper.make_model(graph, producer_name=PRODUCER, ir_version=7,
                              opset_imports=[helper.make_opsetid(*opset) for opset in opsets])
    every = {"afxdp.features": FEATURE_SETS[features], "afxdp.classes": json.dumps(list(classes)), **(properties or {})}
    for key, value in sorted(every.items()):
        model.metadata_props.add(key=key, value=value)
    onnx.checker.check_model(model)
    with open(path, "wb") as file:
        file.write(model.SerializeToString(deterministic=True))


def export_nn(layers, shifts, path, classes, code):
    """layers: [(weights [outputs, inputs], bias [outputs])]; code: the text of code.json.

    shifts: the text of `afxdp.shifts` of layers that are integers (see qat.to_float), or None.
    """
    nodes, weights, value = [], [], "input"
    for i, (weight, bias) in enumerate(layers):
        names = f"weight{i}", f"bias{i}"
        weights += [numpy_helper.from_array(np.ascontiguousarray(a, np.float32), n)
                    for a, n in zip((weight, bias), names)]
        last = i == len(layers) - 1
        output = "logits" if last else f"sum{i}"
        nodes.append(helper.make_node("Gemm", [value, *names], [output], transB=1))
        if not last:
            value = f"active{i}"
            nodes.append(helper.make_node("Relu", [output], [value]))
    graph = helper.make_graph(
        nodes, "nn",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", layers[0][0].shape[1]])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", len(classes)])], weights)
    properties = {"afxdp.code": code}
    if shifts is not None:
        properties["afxdp.shifts"] = shifts
    finish(graph, path, classes, layers[0][0].shape[1], properties)


def ensemble_attributes(model):
    """The attributes of TreeEnsembleClassifier; votes are a tree's class shares over all trees."""
    found = {name: [] for name in (
        "nodes_treeids", "nodes_nodeids", "nodes_featureids", "nodes_modes", "nodes_values",
        "nodes_truenodeids", "nodes_falsenodeids", "class_treeids", "class_nodeids", "class_ids",
        "class_weights")}
    ensemble = trees.trees_of(model)
    for number, tree in enumerate(ensemble):
        leaf = tree.children_left < 0
        count = tree.node_count
        found["nodes_treeids"] += [number] * count
        found["nodes_nodeids"] += range(count)
        found["nodes_featureids"] += np.where(leaf, 0, tree.feature).tolist()
        found["nodes_modes"] += ["LEAF" if is_leaf else "BRANCH_LEQ" for is_leaf in leaf]
        found["nodes_values"] += np.where(leaf, 0, trees.round_down(tree.threshold)).tolist()
        found["nodes_truenodeids"] += np.where(leaf, 0, tree.children_left).tolist()
        found["nodes_falsenodeids"] += np.where(leaf, 0, tree.children_right).tolist()
        shares = tree.value[:, 0, :] / tree.value[:, 0, :].sum(axis=1, keepdims=True)
        for node in np.flatnonzero(leaf).tolist():
            for class_id, share in enumerate(shares[node].tolist()):
                found["class_treeids"].append(number)
                found["class_nodeids"].append(node)
                found["class_ids"].append(class_id)
                found["class_weights"].append(share / len(ensemble))
    return found


def export_trees(model, path, classes):
    """model: a fitted tree or forest of scikit-learn over class numbers 0..k-1."""
    if list(model.classes_) != list(range(len(classes))):
        raise ValueError("the tree must know every class, by its number")
    node = helper.make_node("TreeEnsembleClassifier", ["input"], ["label", "scores"],
                            domain="ai.onnx.ml", post_transform="NONE",
                            classlabels_int64s=list(range(len(classes))),
                            **ensemble_attributes(model))
    graph = helper.make_graph(
        [node], "trees",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", model.n_features_in_])],
        [helper.make_tensor_value_info("label", TensorProto.INT64, ["N"]),
         helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", len(classes)])])
    finish(graph, path, classes, model.n_features_in_, opsets=(("", 13), ("ai.onnx.ml", 1)))
