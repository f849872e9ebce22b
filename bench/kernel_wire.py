#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The models inside the kernel on the wire: what a network costs beside a tree.

BPF live frames go into one end of a veth pair from one core. Threaded NAPI puts the XDP program of
the other end on the other core; the rate is what it classified over the time the generator took.
Runs take turns in random order. The tree has depth 10; the networks' weights are random. Needs root, two cores and
a lab (test/lab.sh)."""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

import alternatives
import wire


def make_models(folder):
    """The .q8 files by name, the tree first: rates are compared with the first."""
    random = np.random.default_rng(1)
    rows = alternatives.traffic(random)
    found = {}
    for hidden, count in (((16, 16), 2), ((32, 32), 5)):
        place = folder / str(count)
        place.mkdir()
        classes = [f"class{i}" for i in range(count)]
        labels = random.integers(0, count, len(rows))
        table = place / "features.csv"
        alternatives.write_table(table, rows, labels, classes)
        alternatives.make_network(place, table, hidden, classes, random)
        if not found:
            tree = alternatives.DecisionTreeClassifier(max_depth=10, random_state=1)
            alternatives.export_onnx.export_trees(tree.fit(rows, labels), place / "dt.onnx",
                                                  classes)
            alternatives.import_model(place, "dt", table)
            found["tree, depth 10"] = place / "dt.q8"
        found["nn " + "-".join(map(str, (12, *hidden, count)))] = place / "nn.q8"
    return found


def main():
    wire.take_signals()
    parser = argparse.ArgumentParser(prog="afxdp-bench kernel-wire", description=__doc__)
    options = wire.read_options(parser)
    if subprocess.run([wire.LAB, "check"]).returncode != 0:
        return 1

    with tempfile.TemporaryDirectory() as name, wire.ThreadedLab() as lab:
        models = make_models(pathlib.Path(name))
        cases = [wire.Engine(what, "--datapath", "kernel", "--model", path)
                 for what, path in models.items()]
        for form in ("loops", "tailcall"):
            cases += [wire.Engine(f"{what}, {form}", "--datapath", "kernel", "--kernel-form", form,
                                  "--model", path)
                      for what, path in models.items() if what.startswith("nn")]
        cases.append(wire.Engine("no model", "--datapath", "kernel", "--model", "none"))
        rows = list(wire.compare(lab, cases, options.rounds, options))
    tree = rows[0]["pps"]
    for row in rows:
        row["of_tree"] = round(row["pps"] / tree, 3)
        for key in ("busy_ns", "first_over_this", "first_over_this_low", "first_over_this_high"):
            del row[key]
    if options.json:
        print(json.dumps({"rows": rows}, indent=1))
        return 0
    print(f"{'':28} {'kpps':>8} {'min..max':>15} {'of the tree':>12}")
    for row in rows:
        spread = f"{row['pps_min'] // 1000}..{row['pps_max'] // 1000}"
        print(f"{row['what']:28} {row['pps'] // 1000:8} {spread:>15} {row['of_tree']:12.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
