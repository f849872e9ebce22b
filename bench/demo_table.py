#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The demo's last table: what the capture holds by its labels, and what each model made of it.

usage: demo_table.py FOLDER   with labels.csv (afxdp-features), and of each model NAME.csv
(--verdicts) and NAME.json (--json over the long capture)
"""

import csv
import json
import pathlib
import sys

MODELS = {"nn": "neural network", "dt": "decision tree", "bt": "boosted trees"}


def column(path, name):
    with open(path, newline="", encoding="utf-8") as file:
        return {int(row["index"]): row[name] for row in csv.DictReader(file)}


def main():
    folder = pathlib.Path(sys.argv[1])
    labels = column(folder / "labels.csv", "label")
    verdicts = {model: column(folder / f"{model}.csv", "class") for model in MODELS}
    reports = {model: json.loads((folder / f"{model}.json").read_text()) for model in MODELS}

    names = sorted(set(labels.values()), key=list(labels.values()).count, reverse=True)
    print(" " * 26 + "".join(f"{what:20}" for what in MODELS.values()).rstrip())
    print("label            packets" + "    found    share  " * len(MODELS))
    for name in names:
        mine = [index for index, label in labels.items() if label == name]
        print(f"{name:15}{len(mine):9,}", end="")
        for model in MODELS:
            found = sum(verdicts[model][index] == name for index in mine)
            print(f"{found:9,}{100 * found / len(mine):7.1f} %", end="  ")
        print()
    print(f"{'together':15}{len(labels):9,}", end="")
    for model in MODELS:
        found = sum(verdicts[model][index] == label for index, label in labels.items())
        print(f"{found:9,}{100 * found / len(labels):7.1f} %", end="  ")
    print("\n\n" + f"{'ns per packet':24}", end="")
    for model in MODELS:
        print(f"{1e9 * reports[model]['seconds'] / reports[model]['packets']:9.0f}", end=" " * 11)
    print("\n" + f"{'packets a second':24}", end="")
    for model in MODELS:
        rate = reports[model]["packets"] / reports[model]["seconds"] / 1e6
        print(f"{rate:7.1f} M", end=" " * 11)
    total = reports["nn"]
    print(f"\n\nTimed on one core over the capture repeated to {total['packets']:,} packets in "
          f"{total['flows']:,} flows,\nreading the file included. The labels were written when the "
          "programs ran.")


if __name__ == "__main__":
    main()
