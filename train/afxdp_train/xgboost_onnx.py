# SPDX-License-Identifier: BSD-2-Clause
"""An XGBoost classifier as ONNX: TreeEnsembleClassifier with BRANCH_LT and summed margins."""

import json

import numpy as np
from onnx import TensorProto, helper

from . import export_onnx


def walk(node, found, tree, class_id):
    """A node of XGBoost's JSON dump and all below it, root first."""
    leaf = "leaf" in node
    found["nodes_treeids"].append(tree)
    found["nodes_nodeids"].append(node["nodeid"])
    found["nodes_modes"].append("LEAF" if leaf else "BRANCH_LT")
    found["nodes_featureids"].append(0 if leaf else int(node["split"].lstrip("f")))
    found["nodes_values"].append(0.0 if leaf else float(np.float32(node["split_condition"])))
    found["nodes_truenodeids"].append(0 if leaf else node["yes"])
    found["nodes_falsenodeids"].append(0 if leaf else node["no"])
    if leaf:
        found["class_treeids"].append(tree)
        found["class_nodeids"].append(node["nodeid"])
        found["class_ids"].append(class_id)
        found["class_weights"].append(node["leaf"])
        return
    for child in node["children"]:
        walk(child, found, tree, class_id)


def export_xgboost(model, path, classes):
    """model: a fitted XGBClassifier over class numbers 0..k-1, k > 2: one tree a class a round."""
    found = {name: [] for name in (
        "nodes_treeids", "nodes_nodeids", "nodes_featureids", "nodes_modes", "nodes_values",
        "nodes_truenodeids", "nodes_falsenodeids", "class_treeids", "class_nodeids", "class_ids",
        "class_weights")}
    dump = model.get_booster().get_dump(dump_format="json")
    for number, tree in enumerate(dump):
        walk(json.loads(tree), found, number, number % len(classes))
    node = helper.make_node("TreeEnsembleClassifier", ["input"], ["label", "scores"],
                            domain="ai.onnx.ml", post_transform="SOFTMAX",
                            classlabels_int64s=list(range(len(classes))), **found)
    graph = helper.make_graph(
        [node], "boosted trees",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", model.n_features_in_])],
        [helper.make_tensor_value_info("label", TensorProto.INT64, ["N"]),
         helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", len(classes)])])
    export_onnx.finish(graph, path, classes, model.n_features_in_,
                       opsets=(("", 13), ("ai.onnx.ml", 1)))
