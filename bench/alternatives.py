#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The same models on the same inputs: afxdp-engine's classifiers, scikit-learn's tree_.apply,
XGBoost's C API and, where they are installed, PyTorch and ONNX Runtime on the network in floats;
interleaved, in one run, one thread."""

import argparse
import ctypes
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np
import xgboost
from sklearn.tree import DecisionTreeClassifier

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("AFXDP_BUILD", ROOT / "build"))
sys.path.insert(0, str(ROOT / "train"))
from afxdp_train import export_onnx, xgboost_onnx

ROWS, CLASSES, DEPTH = 16384, 5, 10
NAMES = ("sport,dport,protocol,length,interval,direction,mean_length,mean_interval,"
         "mean_direction,dev_length,dev_interval,dev_direction")


def traffic(random):
    """Twelve integers a row with the ranges of real traffic, as in bench/shapes.c."""
    def below(bound):
        return random.integers(0, bound, ROWS)

    def magnitude(bits):
        return (2 ** random.uniform(0, bits, ROWS)).astype(np.int64)

    services = np.array([22, 53, 80, 123, 443, 1883, 5201, 8080])[below(8)]
    return np.stack([
        1024 + below(64512), np.where(below(4) > 0, services, below(65536)),
        np.where(below(4) > 0, 6, 17), 40 + below(1461), magnitude(27), below(2),
        (40 + below(1461)) << 8, magnitude(27), below(1 << 16), below(700) << 8, magnitude(27),
        below(1 << 15)], axis=1)


def run(*command):
    return subprocess.run([str(part) for part in command], check=True,
                          stdout=subprocess.PIPE).stdout


def write_table(path, rows, labels, classes):
    with open(path, "w") as file:
        file.write(f"index,{NAMES},label\n")
        for i, (row, label) in enumerate(zip(rows.tolist(), labels.tolist())):
            file.write(f"{i},{','.join(map(str, row))},{classes[label]}\n")


def import_model(folder, model, table):
    run(BUILD / "bin/afxdp-model", "import", folder / f"{model}.onnx", "--calibrate", table, "-o",
        folder / f"{model}.q8")


def make_network(folder, table, hidden, classes, random):
    """nn.onnx: random weights, which cost what trained ones do."""
    run(BUILD / "bin/afxdp-model", "code", table, "-o", folder / "code.json")
    widths = [len(NAMES.split(",")), *hidden, len(classes)]
    layers = [(random.normal(0, 0.4, (after, before)), random.normal(0, 0.1, after))
              for before, after in zip(widths, widths[1:])]
    code = (folder / "code.json").read_text()
    export_onnx.export_nn(layers, None, folder / "nn.onnx", classes, code)
    import_model(folder, "nn", table)
    return layers


def make_models(folder, rows, labels, random):
    classes = [f"class{i}" for i in range(CLASSES)]
    table = folder / "features.csv"
    write_table(table, rows, labels, classes)

    # Noise for labels: no split is any good, so the tree becomes as complete as data allows.
    tree = DecisionTreeClassifier(max_depth=DEPTH, random_state=1).fit(rows, labels)
    export_onnx.export_trees(tree, folder / "dt.onnx", classes)
    boosted = xgboost.XGBClassifier(n_estimators=1, max_depth=DEPTH, n_jobs=1, min_child_weight=0,
                                    tree_method="exact").fit(rows, labels)
    xgboost_onnx.export_xgboost(boosted, folder / "xgboost.onnx", classes)

    layers = make_network(folder, table, (32, 32), classes, random)
    for model in ("dt", "xgboost"):
        import_model(folder, model, table)
    return table, tree, boosted, layers


def ns_per_row(call, rows, batch):
    """Calls on consecutive batches for about 20 ms of this thread's own time, as the C part."""
    batches = [rows[at:at + batch] for at in range(0, len(rows) - batch + 1, batch)]
    done = taken = 0
    start = time.thread_time_ns()
    while taken < 20_000_000:
        for part in batches:
            call(part)
        done += len(batches) * batch
        taken = time.thread_time_ns() - start
    return taken / done


def xgboost_c_api(booster):
    """XGBoosterPredictFromDense, margins, one thread, called as a C program would."""
    library = xgboost.core._LIB
    booster.set_param({"nthread": 1})
    options = json.dumps({"type": 1, "training": False, "iteration_begin": 0, "iteration_end": 0,
                          "strict_shape": False, "cache_id": 0, "missing": float("nan")}).encode()
    shape, dimensions = ctypes.POINTER(ctypes.c_uint64)(), ctypes.c_uint64()
    result = ctypes.POINTER(ctypes.c_float)()

    def predict(part):
        interface = json.dumps({"data": [part.ctypes.data, True], "shape": part.shape,
                                "typestr": "<f4", "version": 3}).encode()
        if library.XGBoosterPredictFromDense(booster.handle, interface, options, None,
                                             ctypes.byref(shape), ctypes.byref(dimensions),
                                             ctypes.byref(result)):
            raise RuntimeError(library.XGBGetLastError())
    return predict


def blas():
    """Which library multiplies PyTorch's matrices: the reference one takes several times as long."""
    maps = pathlib.Path("/proc/self/maps").read_text()
    return next((name for key, name in (("openblas", "OpenBLAS"), ("libmkl_", "MKL"), ("libblis", "BLIS"))
                 if key in maps), "reference BLAS")


def in_pytorch(layers, coded):
    """The network's layers in floats, traced, as PyTorch advises for serving; or nothing."""
    try:
        import torch
    except ImportError:
        print("PyTorch is not installed (Debian: python3-torch): left out", file=sys.stderr)
        return
    torch.set_num_threads(1)
    steps = []
    for weights, bias in layers:
        linear = torch.nn.Linear(weights.shape[1], weights.shape[0])
        linear.weight.data, linear.bias.data = (torch.tensor(each, dtype=torch.float32)
                                                for each in (weights, bias))
        steps += [linear, torch.nn.ReLU()]
    with torch.inference_mode():
        network = torch.nn.Sequential(*steps[:-1]).eval()
        network = torch.jit.freeze(torch.jit.trace(network, torch.zeros(64, coded.shape[1])))
    tensor = torch.from_numpy(coded)

    def measure(batch):
        with torch.inference_mode():
            return ns_per_row(network, tensor, batch)

    runtime = f"PyTorch float, {blas()}"
    for batch in (64, ROWS):
        yield "nn 12-32-32-5", runtime, batch, lambda batch=batch: measure(batch)


def alternatives(folder, tree, boosted, layers, rows):
    """(what, runtime, batch, function that measures)"""
    as_float = np.ascontiguousarray(rows, np.float32)
    predict = xgboost_c_api(boosted.get_booster())
    found = []
    for batch in (64, 4096):
        found.append(("dt depth 10", "scikit-learn tree_.apply", batch,
                      lambda batch=batch: ns_per_row(tree.tree_.apply, as_float, batch)))
        found.append((f"xgboost {CLASSES} x depth 10", "XGBoost C API", batch,
                      lambda batch=batch: ns_per_row(predict, as_float, batch)))
    coded = np.random.default_rng(1).random((ROWS, 12), np.float32)
    found += in_pytorch(layers, coded)
    try:
        import onnxruntime
    except ImportError:
        print("ONNX Runtime is not installed: left out", file=sys.stderr)
        return found
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(folder / "nn.onnx"), options)
    for batch in (64, ROWS):
        found.append(("nn 12-32-32-5", "ONNX Runtime float", batch,
                      lambda batch=batch: ns_per_row(
                          lambda part: session.run(None, {"input": part}), coded, batch)))
    return found


def ours(folder, table):
    names = {"dt": "dt depth 10", "nn": "nn 12-32-32-5",
             "xgboost": f"xgboost {CLASSES} x depth 10"}
    for model, what in names.items():
        rows = json.loads(run(BUILD / "bin/afxdp-bench", "classify", "--model",
                              folder / f"{model}.q8", "--features", table, "--rounds", 3,
                              "--json"))["rows"]
        for row in rows:
            if row["batch"] == 64:
                yield (what, f"afxdp-engine {row['variant']}", 64), row["ns"]


def main():
    parser = argparse.ArgumentParser(prog="afxdp-bench alternatives", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--cpu", type=int, help="pin everything to this core")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.cpu is not None:
        os.sched_setaffinity(0, {options.cpu})

    random = np.random.default_rng(1)
    rows, labels = traffic(random), random.integers(0, CLASSES, ROWS)
    samples = {}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        table, tree, boosted, layers = make_models(folder, rows, labels, random)
        others = alternatives(folder, tree, boosted, layers, rows)
        for _ in range(options.rounds):
            for key, ns in ours(folder, table):
                samples.setdefault(key, []).append(ns)
            for *key, measure in others:
                samples.setdefault(tuple(key), []).append(measure())

    best = {}
    for (what, runtime, _), values in samples.items():
        if runtime.startswith("afxdp-engine"):
            best[what] = min(best.get(what, float("inf")), statistics.median(values))
    table = [{"what": what, "runtime": runtime, "batch": batch,
              "ns": round(statistics.median(values), 2), "ns_min": round(min(values), 2),
              "ns_max": round(max(values), 2),
              "times_ours": round(statistics.median(values) / best[what], 2)}
             for (what, runtime, batch), values in sorted(samples.items())]
    if options.json:
        print(json.dumps({"rows": table}, indent=1))
        return
    print(f"{'model':24} {'runtime':30} {'batch':>6} {'ns/row':>9}  {'min..max':20} {'x ours':>7}")
    for row in table:
        spread = f"{row['ns_min']}..{row['ns_max']}"
        print(f"{row['what']:24} {row['runtime']:30} {row['batch']:6} {row['ns']:9.2f}  "
              f"{spread:20} {row['times_ours']:7.2f}")


if __name__ == "__main__":
    main()
