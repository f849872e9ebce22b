#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The engine on the wire against DPDK's testpmd: same veth pair, same generator, runs in turns.

BPF live frames go into one end of a veth pair from one core; on the other core the engine, or
dpdk-testpmd with its net_af_xdp driver, takes them out of the other end by AF_XDP in copy mode.
The rate is what was taken, over the time the generator took. Needs root, two cores and a lab
(test/lab.sh); testpmd is left out, and said so, where dpdk-testpmd isn't installed."""

import argparse
import contextlib
import json
import math
import os
import pathlib
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("AFXDP_BUILD", ROOT / "build"))
LAB = ROOT / "test/lab.sh"
GENERATOR_CPU, WORKER_CPU = 0, 1
FLOWS = 1024


class Lab:
    """A generator - engine pair of namespaces. The kernel puts a frame on the queue of the core it
    is sent from, so there is a generator for each queue, and queue and worker are a core apart."""

    count = 0

    def __init__(self, queues=1, options=()):
        Lab.count += 1
        self.name = f"wire{os.getpid() % 100000}{'abcdefghij'[Lab.count % 10]}"
        self.queues, self.options = queues, options

    def __enter__(self):
        subprocess.run([LAB, "up", self.name, "--queues", str(self.queues), *self.options],
                       check=True)
        return self

    def __exit__(self, *_):
        subprocess.run([LAB, "down", self.name], check=True)

    def command(self, place, *command):
        return [str(part) for part in (LAB, "exec", self.name, place, *command)]

    def wait_for_program(self, process):
        """Until an XDP program is on the engine's port, and then until its queues are filled:
        what testpmd prints into a pipe comes only at its end."""
        for _ in range(100):
            link = subprocess.run(self.command("eng", "ip", "-j", "link", "show", "eng0"),
                                  check=True, stdout=subprocess.PIPE)
            if "xdp" in json.loads(link.stdout)[0]:
                time.sleep(1)
                return
            if process.poll() is not None:
                sys.exit(f"wire.py: testpmd ended: {process.stdout.read()}")
            time.sleep(0.1)
        sys.exit("wire.py: testpmd attached no XDP program within 10 s")

    def send(self, count, *options):
        """Sends `count` frames to each queue; what the generators say."""
        senders = [subprocess.Popen(
            self.command("gen", BUILD / "bin/afxdp-generate", "--iface", "gen0", "--live", "--count",
                         count, "--flows", FLOWS, "--cpu", GENERATOR_CPU + queue, *options),
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) for queue in range(self.queues)]
        said = [sender.communicate(timeout=120)[0] for sender in senders]
        if any(sender.returncode for sender in senders):
            sys.exit("wire.py: afxdp-generate failed")
        return [json.loads(out) for out in said]

    def generate(self, count):
        """Sends `count` frames to each queue; returns the seconds it took."""
        return max(said["seconds"] for said in self.send(count))


def move_threads(interface, cpu):
    """Puts the kernel's threads of such interfaces on a core: there are some as soon as a program
    is attached."""
    threads = subprocess.run(["pgrep", f"^napi/{interface}"], stdout=subprocess.PIPE).stdout.split()
    if not threads:
        sys.exit(f"wire.py: no threaded NAPI on {interface}: XDP would run on the sender's core")
    for thread in threads:
        subprocess.run(["taskset", "-p", "-c", str(cpu), thread], check=True,
                       stdout=subprocess.DEVNULL)


class ThreadedLab(Lab):
    """The engine's port is served by a kernel thread on the worker's core."""

    def __init__(self):
        super().__init__(options=("--threaded",))

    def send(self, count, *options):
        """First moves that thread, which there is as soon as a program is attached."""
        move_threads("eng0", WORKER_CPU)
        return super().send(count, *options)


class Engine:
    cores = {1: f"{WORKER_CPU}", 2: f"{WORKER_CPU},{GENERATOR_CPU}"}

    def __init__(self, name, *options):
        self.name, self.options = name, options

    def watchers(self, lab):
        """A context around the traffic."""
        del lab
        return contextlib.nullcontext()

    def measure(self, lab, count):
        cores = () if "kernel" in self.options else ("--cores", self.cores[lab.queues])
        process = subprocess.Popen(
            lab.command("eng", BUILD / "bin/afxdp-engine", "--iface", "eng0", "--queues",
                        lab.queues, *cores, "--json", *self.options),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            said = ""
            for line in process.stderr:
                said += line
                if line.endswith("running\n"):
                    break
            else:
                sys.exit(f"wire.py: the engine ended: {said}")
            with self.watchers(lab):
                seconds = lab.generate(count)
        finally:
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=30)
        report = json.loads(out)
        busy = sum(queue.get("busy_ns", 0) for queue in report["queues"])
        return report["packets"] / seconds, busy / max(report["packets"], 1)


class Testpmd:
    def __init__(self, name, mode):
        self.name, self.mode = name, mode

    def command(self, lab):
        # Two logical cores on one real one: the main one only waits for Enter.
        return ["dpdk-testpmd", "--lcores", f"0@{WORKER_CPU},1@{WORKER_CPU}", "--main-lcore", 0,
                "--no-huge", "-m", 1024, "--no-pci", "--no-telemetry", "--file-prefix", lab.name,
                "--vdev", "net_af_xdp0,iface=eng0", "--", f"--forward-mode={self.mode}",
                "--total-num-mbufs=16384"]

    def measure(self, lab, count):
        process = subprocess.Popen(
            lab.command("eng", *self.command(lab)),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            lab.wait_for_program(process)
            seconds = lab.generate(count)
            time.sleep(0.2)
        finally:
            out, _ = process.communicate("\n", timeout=30)
        packets = int(re.search(r"Accumulated.*?RX-packets: (\d+)", out, re.S).group(1))
        return packets / seconds, None


def median_interval(values):
    """Between which values of these the median of all such runs lies, 19 times out of 20: the order
    statistics that a binomial distribution, as good as normal, puts 1.96 deviations away."""
    values = sorted(values)
    low = max(0, int(len(values) / 2 - 0.98 * math.sqrt(len(values))))
    return values[low], values[-1 - low]


def compare(lab, cases, rounds, options):
    """Every case once a round, in random order, for a run feels what ran before it; medians of the
    rates and of the ratios to the first case."""
    shuffle = random.Random(options.seed)
    rates = {case.name: [] for case in cases}
    busy = {case.name: [] for case in cases}
    for _ in range(rounds):
        for case in shuffle.sample(cases, len(cases)):
            rate, busy_ns = case.measure(lab, options.packets)
            rates[case.name].append(rate)
            if busy_ns:
                busy[case.name].append(busy_ns)
    first = rates[cases[0].name]
    for case in cases:
        values = rates[case.name]
        ratios = [a / b for a, b in zip(first, values)]
        low, high = median_interval(ratios)
        yield {"what": case.name, "pps": round(statistics.median(values)),
               "pps_min": round(min(values)), "pps_max": round(max(values)),
               "first_over_this": round(statistics.median(ratios), 3),
               "first_over_this_low": round(low, 3), "first_over_this_high": round(high, 3),
               "busy_ns": round(statistics.median(busy[case.name]), 1) if busy[case.name] else None}


def curve(lab, case, count):
    """Busy time grows with packets: as much for each of them."""
    for packets in (count // 4, count // 2, count):
        rate, busy_ns = case.measure(lab, packets)
        yield {"what": f"{case.name}, {packets} frames sent",
               "pps": round(rate), "busy_ns": round(busy_ns, 1)}


def by_queues(case, count):
    """With two queues on two cores each core has a generator and a worker: what grows by queues is
    seen in the busy time, not in the rate."""
    for queues in (1, 2):
        with Lab(queues) as lab:
            rate, busy_ns = case.measure(lab, count // queues)
        yield {"what": f"{case.name}, {queues} queue{'s'[:queues > 1]}", "pps": round(rate),
               "busy_ns": round(busy_ns, 1)}


def show(title, rows):
    print(f"\n{title}\n{'':36} {'kpps':>8} {'min..max':>15} {'first/this':>10} {'95 %':>15} "
          f"{'busy ns':>8}")
    for row in rows:
        spread = f"{row['pps_min'] // 1000}..{row['pps_max'] // 1000}" if "pps_min" in row else ""
        ratio = f"{row['first_over_this']:.3f}" if "first_over_this" in row else ""
        interval = (f"{row['first_over_this_low']:.3f}..{row['first_over_this_high']:.3f}"
                    if ratio else "")
        print(f"{row['what']:36} {row['pps'] // 1000:8} {spread:>15} {ratio:>10} {interval:>15} "
              f"{row['busy_ns'] or '-':>8}")


def take_signals():
    """Ends on SIGTERM not at once, but so that `with Lab()` takes the lab down. A script that a shell
    started in the background ignores SIGINT, and so would all that is ended by it here."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    signal.signal(signal.SIGINT, signal.default_int_handler)


def read_options(parser, packets=4_000_000):
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--packets", type=int, default=packets, help="frames sent a run")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**6,
                        help="of the order of runs; printed")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    print(f"order of runs: --seed {options.seed}", file=sys.stderr)
    return options


def main():
    take_signals()
    parser = argparse.ArgumentParser(prog="afxdp-bench wire", description=__doc__)
    parser.add_argument("--model", default="nn1.q8")
    options = read_options(parser)
    if subprocess.run([LAB, "check"]).returncode != 0:
        return 1

    burst = ("--timestamps", "burst")
    consume = ("--consume", "--model")  # the lab's port carries an address
    take = [Engine("engine, model", *consume, options.model, *burst),
            Engine("engine, no model", *consume, "none", *burst),
            Engine("engine, model, exact arrival times", *consume, options.model)]
    back = [Engine("engine, model, hairpin", "--model", options.model, "--hairpin", *burst)]
    if shutil.which("dpdk-testpmd"):
        take.insert(1, Testpmd("testpmd rxonly", "rxonly"))
        back.append(Testpmd("testpmd macswap", "macswap"))
    else:
        print("dpdk-testpmd is not installed (Debian: dpdk-dev librte-net-af-xdp23): left out",
              file=sys.stderr)

    with Lab() as lab:
        tables = {"receive": list(compare(lab, take, options.rounds, options)),
                  "hairpin": list(compare(lab, back, -(-options.rounds // 3), options)),
                  "packets": list(curve(lab, take[0], options.packets))}
    tables["queues"] = list(by_queues(take[0], options.packets))
    if options.json:
        rows = [{"table": name, **row} for name, table in tables.items() for row in table]
        print(json.dumps({"rows": rows}, indent=1))
        return 0
    show("Taking packets in", tables["receive"])
    show("Sending them back with addresses swapped", tables["hairpin"])
    show("Busy time by number of packets", tables["packets"])
    show("Busy time by number of queues; two queues' generators and workers share two cores",
         tables["queues"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
