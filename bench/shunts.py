#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What a bridge forwards with and without shunting its elephants.

BPF live frames go into one end of a bridge of veth pairs from one core: 1,000 flows of 95 % of the
packets, and a new flow with each of the others. Threaded NAPI puts the XDP program on the other
core, which it shares with the worker, if there is one; with --beside-sender it stays on the
sender's. The rate is what arrived behind the other end, over the time the generator took; busy time
is the worker's, for each packet sent. Runs take turns in random order. Needs root, two cores and a
lab (test/lab.sh)."""

import argparse
import json
import subprocess
import sys
import time

import wire

CLASSES = ("benign", "portscan", "bruteforce", "flood", "amplification")
ELEPHANTS, MICE = 1000, 5  # flows; percent of the packets


class Lab(wire.Lab):
    """Two ports and a sink; what was sent and what arrived."""

    def __init__(self, rate, threaded):
        super().__init__()
        self.rate, self.threaded = rate, threaded

    def __enter__(self):
        subprocess.run([wire.LAB, "up", self.name, "--two-ports",
                        *(("--threaded",) if self.threaded else ())], check=True)
        return self

    def sink_packets(self):
        text = subprocess.run(self.command("sink", "cat", "/proc/net/dev"), check=True,
                              stdout=subprocess.PIPE, text=True).stdout
        return int(next(line for line in text.splitlines() if "sink0:" in line)
                   .split(":")[1].split()[1])

    def generate(self, count):
        if self.threaded:
            wire.move_threads("eng", wire.WORKER_CPU)
        before = self.sink_packets()
        said = subprocess.run(
            self.command("gen", wire.BUILD / "bin/afxdp-generate", "--iface", "gen0", "--live",
                         "--count", count, "--flows", ELEPHANTS, "--syn-flood", MICE, "--rate",
                         self.rate, "--cpu", wire.GENERATOR_CPU),
            check=True, stdout=subprocess.PIPE).stdout
        self.sent, self.seconds = (json.loads(said)[name] for name in ("tx_packets", "seconds"))
        time.sleep(0.2)
        self.arrived = self.sink_packets() - before
        return self.seconds


class Bridge(wire.Engine):
    def measure(self, lab, count):
        judged_rate, busy = super().measure(lab, count)
        return lab.arrived / lab.seconds, busy * judged_rate * lab.seconds / lab.sent


def main():
    wire.take_signals()
    parser = argparse.ArgumentParser(prog="afxdp-bench shunts", description=__doc__)
    parser.add_argument("--model", default="nn.q8", help="with the classes of the shipped ones")
    parser.add_argument("--rate", type=int, default=2_000_000, help="packets offered a second")
    parser.add_argument("--beside-sender", action="store_true",
                        help="the XDP program runs on the sender's core")
    options = wire.read_options(parser)
    if subprocess.run([wire.LAB, "check"]).returncode != 0:
        return 1

    bridge = ("--bridge", "eng1", "--model", options.model)
    shunting = [word for name in CLASSES for word in ("--action", f"{name}=shunt:16")]
    shunting += ["--shunt-confidence", "0"]
    tables = {}
    with Lab(options.rate, not options.beside_sender) as lab:
        for name, datapath in (("AF_XDP", ()), ("inside the kernel", ("--datapath", "kernel"))):
            cases = [Bridge(f"{name}, shunting", *bridge, *datapath, *shunting),
                     Bridge(f"{name}, judging all", *bridge, *datapath)]
            tables[name] = list(wire.compare(lab, cases, options.rounds, options))
    if options.json:
        rows = [{"table": name, **row} for name, table in tables.items() for row in table]
        print(json.dumps({"rows": rows}, indent=1))
        return 0
    for name, rows in tables.items():
        wire.show(f"Forwarded by a bridge, {name}", rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
