#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""How many verdicts of a capture stay as with one worker when several take it, by how late they are.

    train/late_workers.py CAPTURE... [--model models/nn.q8] [--workers 2 4] [--late 10 1 0.1]

A worker takes 64 packets at once, or what has come within so many milliseconds of the first
(afxdp_train/queues.py); all share one host memory. Flows are split among them at random, both
directions of one to the same.
"""

import argparse
import sys

from afxdp_train import captured, evaluate, queues, refusal


def same(options, path):
    """A line of each number of workers: the share of verdicts that stay, by lateness."""
    rows = captured.read(path)
    alone = evaluate.engine_verdicts(options.model, rows.x)
    for count in options.workers:
        found = []
        for late in options.late:
            queues.LATEST_NS = round(late * 10**6)
            of = evaluate.engine_verdicts(options.model, queues.features(path, rows, count))
            found.append(f"{100 * (of == alone).mean():.2f}")
        yield f"| {path} | {count} | {' | '.join(found)} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("captures", nargs="+", metavar="CAPTURE")
    parser.add_argument("--model", default="models/nn.q8")
    parser.add_argument("--workers", nargs="+", type=int, default=[2, 4], metavar="N")
    parser.add_argument("--late", nargs="+", type=float, default=[10, 1, 0.1], metavar="MS")
    options = parser.parse_args()
    print(f"| capture | workers | {' | '.join(f'{late:g} ms' for late in options.late)} |\n|---|"
          + "---|" * (1 + len(options.late)))
    for path in options.captures:
        for line in same(options, path):
            print(line, flush=True)


if __name__ == "__main__":
    sys.exit(refusal.run_or_explain("late_workers", main))
