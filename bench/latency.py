#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""How long a packet takes from the generator to its verdict, and over a bridge to a sink.

First the highest rate without loss is searched for each way, as lossless.py does; then stamped
frames come at shares of it, one at a time, from core 0, while the engine has core 1. A frame is
stamped when the generator sends it; its verdict is there when the engine's burst is judged, and a
sink's XDP program sees it come in. Both read the same clock. Needs root, two cores and a lab
(test/lab.sh)."""

import argparse
import json
import re
import statistics
import subprocess
import sys

import lossless
import systems
import wire

SHARES = (10, 50, 90)  # percent of the rate without loss
FIGURES = ("median_ns", "p99_ns", "p999_ns", "max_ns")


class Verdict(systems.System):
    """The engine in a program that looks at its verdicts' time."""

    def __init__(self, model):
        super().__init__("generator to verdict")
        self.model = model

    def command(self, lab):
        return [systems.PARTNERS / "afxdp-latency", "--engine", "eng0", "--model", self.model, "--cores",
                wire.WORKER_CPU]

    def latency(self, lab, send):
        """What was seen of the frames that `send` sends."""
        with self.running(lab):
            send()
            self.process.send_signal(systems.signal.SIGINT)
            return json.loads(self.process.stdout.readline())


class Bridge(systems.Engine):
    """The engine between two ports, and a sink behind it."""

    def __init__(self, model):
        super().__init__("generator to sink", model, "--bridge", "eng1")

    def taken(self, lab):
        """What has come through."""
        done = subprocess.run(lab.command("sink", "ethtool", "-S", "sink0"), check=True, text=True,
                              stdout=subprocess.PIPE).stdout
        return int(re.search(r"rx_queue_0_xdp_packets: (\d+)", done)[1])

    def latency(self, lab, send):
        with self.running(lab):
            sink = subprocess.Popen(
                lab.command("sink", systems.PARTNERS / "afxdp-latency", "--sink", "sink0"),
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            if sink.stderr.readline() != "running\n":
                sys.exit(f"latency.py: the sink ended: {sink.stderr.read()}")
            send()
            sink.send_signal(systems.signal.SIGINT)
            return json.loads(sink.communicate(timeout=30)[0])


def measure(way, lab, options):
    with way.running(lab):
        rate = lossless.Trials(way, lab, options, 60, "--stamps").search()["lossless_pps"]
    for share in SHARES:
        asked = max(1, int(rate * share / 100))
        runs = []
        for _ in range(options.rounds):
            sent = []
            seen = way.latency(lab, lambda: sent.extend(
                lab.send(max(100, int(asked * options.seconds)), "--rate", asked, "--stamps")))
            runs.append({"pps": sent[0]["rate"], "lost": sent[0]["sent"] - seen["packets"], **seen})
        yield {"what": way.name, "share": share,
               **{name: round(statistics.median(run[name] for run in runs))
                  for name in ("pps", "lost", "packets", *FIGURES)}}


def show(rows):
    print(f"{'':24} {'of lossless':>12} {'pps':>9} {'lost':>6} {'median':>9} {'99 %':>9} {'99.9 %':>9} "
          f"{'most':>9}")
    for row in rows:
        figures = " ".join(f"{row[name] / 1000:9.1f}" for name in FIGURES)
        print(f"{row['what']:24} {row['share']:10} % {row['pps']:9} {row['lost']:6} {figures}")
    print("microseconds; the median of the rounds")


def main():
    wire.take_signals()
    parser = argparse.ArgumentParser(prog="afxdp-bench latency", description=__doc__)
    parser.add_argument("--model", default="nn1.q8")
    parser.add_argument("--rounds", type=int, default=3)
    lossless.add_trial_options(parser)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if subprocess.run([wire.LAB, "check"]).returncode != 0:
        return 1
    rows = []
    with wire.Lab() as one, wire.Lab(options=("--two-ports",)) as two:
        for way, lab in ((Verdict(options.model), one), (Bridge(options.model), two)):
            print(way.name, file=sys.stderr, flush=True)
            rows += measure(way, lab, options)
    if options.json:
        print(json.dumps({"rows": rows}, indent=1))
        return 0
    show(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
