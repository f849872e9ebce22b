#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Importing the shipped ONNX files gives the shipped .q8 files, byte for byte."""

import glob
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MODELS = os.path.join(ROOT, "models")
TOOL = os.path.join(os.environ.get("AFXDP_BUILD", os.path.join(ROOT, "build")), "bin", "afxdp-model")


def main():
    shipped = sorted(glob.glob(os.path.join(MODELS, "*.q8")))
    wrong = [] if shipped else ["no model is shipped"]
    for path in shipped:
        name = path[: -len(".q8")]
        rows = "calibration1.csv" if name.endswith("1") else "calibration.csv"  # of its feature set
        with tempfile.TemporaryDirectory() as folder:
            made = os.path.join(folder, "made.q8")
            subprocess.run([TOOL, "import", f"{name}.onnx", "--calibrate",
                            os.path.join(MODELS, rows), "--provenance",
                            f"{name}.provenance.json", "-o", made], check=True)
            with open(made, "rb") as ours, open(path, "rb") as theirs:
                if ours.read() != theirs.read():
                    wrong.append(f"{path} isn't what importing {name}.onnx gives")
    print("\n".join(wrong) or f"{len(shipped)} models are what their ONNX files give")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
