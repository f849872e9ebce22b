# SPDX-License-Identifier: BSD-2-Clause
"""The project's C programs that training calls, and the CSV files they read."""

import os
import subprocess

import data

MODEL_TOOL = os.path.join(data.ROOT, "build", "bin", "afxdp-model")


def present():
    return os.path.exists(MODEL_TOOL)


def write_features(path, x, labels):
    """features.csv: the rows of x with their class names, numbered from 0."""
    with open(path, "w", encoding="utf-8") as file:
        file.write("index," + ",".join(data.FEATURES) + ",label\n")
        for i, (row, label) in enumerate(zip(x.tolist(), labels)):
            file.write(f"{i},{','.join(map(str, row))},{label}\n")


def run(*arguments):
    """Runs afxdp-model; what failed it has said in one line."""
    if subprocess.run([MODEL_TOOL, *arguments], check=False).returncode != 0:
        raise SystemExit(1)


def code(features, output):
    run("code", features, "-o", output)


def import_onnx(onnx, calibration, output):
    run("import", onnx, "--calibrate", calibration, "-o", output)
