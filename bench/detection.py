#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""How well the shipped models do on a labelled capture, the one that ships unless told otherwise.

afxdp-features writes the integers and labels of every packet, afxdp-model eval holds each model's
verdicts against the labels. Nothing is drawn and nothing timed: every run gives the same."""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = pathlib.Path(os.environ.get("AFXDP_BUILD", ROOT / "build")) / "bin"
CAPTURE = ROOT / "test/captures/mixed.pcap"
MODELS = ("nn", "bt", "dt", "nn1", "dt1")


def said(*command):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"detection.py: {done.stderr.strip() or command[0]}")
    return done.stdout


def rows_of(model, tables):
    """A row for each class of its labels; what is of the whole model is in all of them."""
    path = ROOT / f"models/{model}.q8"
    features = re.search(r"^features +set (\d)", said(BIN / "afxdp-model", "inspect", path), re.M)[1]
    found = json.loads(said(BIN / "afxdp-model", "eval", path, tables[features], "--json"))
    whole = {"accuracy": found["accuracy"], "macro_f1": found["macro_f1"],
             "false_positives": found["false_positives"]["share"]}
    for name, scores in found["classes"].items():
        yield {"what": f"{model}.q8", "feature_set": int(features), "class": name,
               "packets": scores["rows"],
               **{key: scores[key] for key in ("precision", "recall", "f1")}, **whole}


def percent(share):
    return "-" if share is None else f"{100 * share:.1f}"


def main():
    parser = argparse.ArgumentParser(prog="afxdp-bench detection", description=__doc__)
    parser.add_argument("--capture", type=pathlib.Path, default=CAPTURE)
    parser.add_argument("--labels", type=pathlib.Path,
                        help="its labels, as afxdp-features takes them (NAME.labels.csv)")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    labels = options.labels or options.capture.with_suffix(".labels.csv")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        tables = {features: pathlib.Path(folder, f"{features}.csv") for features in "12"}
        for features, table in tables.items():
            said(BIN / "afxdp-features", options.capture, "--labels", labels, "--set", features, "-o",
                 table)
        for model in MODELS:
            rows += rows_of(model, tables)
    if options.json:
        print(json.dumps({"rows": rows}, indent=1))
        return
    print(f"{'model':8} {'class':15} {'packets':>8} {'found %':>8} {'right %':>8}")
    for row in rows:
        print(f"{row['what']:8} {row['class']:15} {row['packets']:8} {percent(row['recall']):>8} "
              f"{percent(row['precision']):>8}")
    print("found: packets of the class with that verdict; right: verdicts of it that are")


if __name__ == "__main__":
    main()
