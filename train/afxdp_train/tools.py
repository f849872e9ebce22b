# SPDX-License-Identifier: BSD-2-Clause
"""The project's C programs that training calls, and the CSV files they read."""

import json
import os
import re
import subprocess

from . import captured, places, public, refusal

MODEL_TOOL = places.program("afxdp-model")


def present():
    return os.path.exists(MODEL_TOOL)


def must_be_built():
    if not present():
        raise refusal.Refused(f"{MODEL_TOOL} isn't built: cmake --build build")


def write_features(path, x, labels):
    """features.csv: the rows of x, of either feature set, with their class names, numbered from
    0."""
    with open(path, "w", encoding="utf-8") as file:
        file.write("index," + ",".join(captured.SETS[x.shape[1]]) + ",label\n")
        for i, (row, label) in enumerate(zip(x.tolist(), labels)):
            file.write(f"{i},{','.join(map(str, row))},{label}\n")


def run(*arguments, quiet=False):
    """Runs afxdp-model; what failed it has said in one line."""
    must_be_built()
    output = subprocess.DEVNULL if quiet else None
    if subprocess.run([MODEL_TOOL, *arguments], stdout=output, check=False).returncode != 0:
        raise SystemExit(1)


def code(features, output):
    run("code", features, "-o", output)


def feature_set(model):
    """Which feature set a .q8 file reads: 1 or 2."""
    must_be_built()
    shown = subprocess.run([MODEL_TOOL, "inspect", model], stdout=subprocess.PIPE, text=True,
                           check=True).stdout
    return int(re.search(r"^features +set (\d)", shown, re.MULTILINE)[1])


NOT_FOR = ("a decision to drop traffic without a person looking at it; it knows five classes of a "
           "few testbeds, and tells no attack from what looks the same packet by packet")


def write_provenance(path, name, facts, own_pages=()):
    """What `afxdp-model inspect` shows of where a model comes from."""
    page = f"docs/models/{name if name in own_pages else 'README'}.md"
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"not_for": NOT_FOR, "page": page, "made_by": "train/train.py",
                   "data": {key: public.SETS[key] for key in public.LAB_SETS}, **facts}, file,
                  indent=1)
        file.write("\n")


def import_onnx(onnx, calibration, provenance, output, quiet=False):
    """provenance: a path, or None."""
    about = ["--provenance", provenance] if provenance else []
    run("import", onnx, "--calibrate", calibration, *about, "-o", output, quiet=quiet)
