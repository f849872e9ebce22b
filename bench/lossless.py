#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The highest rate that loses no packets, by system, packet size, number of queues and traffic.

A search in the manner of RFC 2544: BPF live frames go into one end of a veth pair at a rate, for
the time of a trial; half way between the highest rate that was taken and the lowest that wasn't is
tried next, until they are near. A VM is never as quiet as that RFC's laboratory: a few packets of a
trial may be lost, and a rate that fails has a second trial. Before the search all that the generator
gives is sent. A system runs through all trials of its search; systems take turns in random order.

Frames are sent by core 0. AF_XDP, DPDK and the raw socket have core 1 to themselves, and the
kernel's part of receiving is core 0's; what runs inside the kernel has core 1, and receiving with
it (threaded NAPI). What cores were busy with, and memory, are those of the overload. Needs root,
two cores and a lab (test/lab.sh)."""

import argparse
import contextlib
import json
import random
import statistics
import subprocess
import sys
import time

import systems
import wire

SIZES = (60, 124, 252, 508, 1020, 1276, 1514)  # RFC 2544's, without the checksum
QUICK_SIZES = (60, 508, 1514)
TRAFFIC = {"1,024 flows in turn": (),
           "100,000 flows, all alike": ("--flows", 100000, "--order", "uniform"),
           "100,000 flows by Zipf's law": ("--flows", 100000, "--order", "zipf"),
           "1,024 flows, half a SYN flood": ("--syn-flood", 50),
           "a SYN flood, each of another host": ("--syn-flood", 100)}
NEAR = 0.05     # of the rate offered in overload: how near the two ends of a search come
TRIALS_MOST = 9
DRAIN = 0.05    # s, until what is in rings was taken
OVERLOAD = 4_000_000  # packets a second, more than a generator gives


def core_times():
    """Of each core the ticks of user, system and softirq."""
    found = {}
    with open("/proc/stat", encoding="ascii") as lines:
        for line in lines:
            name, *ticks = line.split()
            if name.startswith("cpu") and name != "cpu":
                user, nice, system, _, _, hard, soft = map(int, ticks[:7])
                found[int(name[3:])] = (user + nice, system, hard + soft)
    return found


def busy(before, after, seconds):
    """Percent of each core by kind."""
    found = {}
    for core, place in ((wire.GENERATOR_CPU, "sending"), (wire.WORKER_CPU, "taking")):
        for kind, was, now in zip(("user", "system", "softirq"), before[core], after[core]):
            found[f"{place}_{kind}"] = min(100, round((now - was) / seconds))
    return found


class Trials:
    """Of one running system."""

    def __init__(self, system, lab, options, size, *how):
        self.system, self.lab, self.options, self.how = system, lab, options, ("--length", size, *how)

    def send(self, rate=None):
        """Packets sent and taken, the rate reached, and what the cores were busy with."""
        count = max(1000, int((rate or OVERLOAD) * self.options.seconds))
        how = (*self.how, *(("--rate", int(rate / self.lab.queues)) if rate else ()))
        taken, before, start = self.system.taken(self.lab), core_times(), time.monotonic()
        said = self.lab.send(count // self.lab.queues, *how)
        cores = busy(before, core_times(), time.monotonic() - start)
        time.sleep(DRAIN)
        sent = sum(each["sent"] for each in said)
        return sent, self.system.taken(self.lab) - taken, sum(each["rate"] for each in said), cores

    def holds(self, rate):
        """The rate reached, where it lost next to nothing, else None."""
        for _ in range(2):
            sent, taken, reached, _ = self.send(rate)
            if sent - taken <= sent * self.options.tolerance:
                return reached
        return None

    def search(self):
        sent, taken, offered, cores = self.send()
        low, high = 0, offered
        if sent - taken <= sent * self.options.tolerance:
            low = offered
        for _ in range(TRIALS_MOST):
            if high - low <= NEAR * offered and low > 0:
                break
            reached = self.holds((low + high) / 2)
            if reached:
                low = max(low, min(reached, high))
            else:
                high = (low + high) / 2
        return {"lossless_pps": low, "pps": offered * taken / sent, "offered_pps": offered,
                "memory_mib": self.system.memory(), **cores}


def typical(values, digits):
    """The median of numbers, and the words there are."""
    if values[0] is None:
        return None
    if isinstance(values[0], str):
        return " or ".join(sorted(set(values)))
    return round(statistics.median(values), digits)


def measure(cases, rounds, options):
    """`cases`: (table, what, system, lab, size, options of the generator...). All of them once a
    round, in random order."""
    shuffle = random.Random(options.seed)
    found = {case[:2]: [] for case in cases}
    for number in range(rounds):
        for case in shuffle.sample(cases, len(cases)):
            table, what, system, lab, size, *how = case
            print(f"round {number + 1} of {rounds}: {table}, {what}", file=sys.stderr, flush=True)
            with system.running(lab):
                run = Trials(system, lab, options, size, *how).search()
            found[table, what].append({**run, **system.counted()})
    for (table, what), runs in found.items():
        row = {"table": table, "what": what}
        for name in runs[0]:
            row[name] = typical([run[name] for run in runs], 1 if name == "memory_mib" else None)
        row["tolerance"], row["seconds"] = options.tolerance, options.seconds
        row["lossless_pps_min"] = round(min(run["lossless_pps"] for run in runs))
        row["lossless_pps_max"] = round(max(run["lossless_pps"] for run in runs))
        yield row


def measure_once(cases, options):
    """What is the same but for its name, in another table, isn't measured again."""
    first = {}
    for case in cases:
        first.setdefault((case[2].name, *case[3:]), case)
    rows = {(row["table"], row["what"]): row
            for row in measure(list(first.values()), options.rounds, options)}
    for case in cases:
        same = first[case[2].name, *case[3:]]
        yield {**rows[same[:2]], "table": case[0], "what": case[1]}


def show(rows):
    print(f"{'':44} {'lossless':>9} {'min..max':>12} {'overload':>9} {'offered':>8}"
          f" {'taking core':>12} {'MiB':>6}")
    for row in rows:
        spread = f"{row['lossless_pps_min'] // 1000}..{row['lossless_pps_max'] // 1000}"
        core = "/".join(str(row[f"taking_{kind}"]) for kind in ("user", "system", "softirq"))
        print(f"{row['table'] + ': ' + row['what']:44} {row['lossless_pps'] // 1000:9} {spread:>12} "
              f"{row['pps'] // 1000:9} {row['offered_pps'] // 1000:8} {core:>12} "
              f"{row['memory_mib'] or 0:6.0f}")
    print("rates in thousand packets a second; the taking core's user, system and softirq in percent")


def add_trial_options(parser):
    parser.add_argument("--seconds", type=float, default=1, help="of a trial")
    parser.add_argument("--tolerance", type=float, default=0.001, help="share that may be lost")


def main():
    wire.take_signals()
    parser = argparse.ArgumentParser(prog="afxdp-bench lossless", description=__doc__)
    parser.add_argument("--network", default="nn1.q8")
    parser.add_argument("--tree", default="dt1.q8")
    parser.add_argument("--rounds", type=int, default=3)
    add_trial_options(parser)
    parser.add_argument("--tables", default="system,size,queues,traffic", help="some of them")
    parser.add_argument("--quick", action="store_true", help="three packet sizes")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**6,
                        help="of the order; printed")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    print(f"order of runs: --seed {options.seed}", file=sys.stderr)
    if subprocess.run([wire.LAB, "check"]).returncode != 0:
        return 1
    wanted = options.tables.split(",")
    of_all, missing = systems.all_systems(options.network, options.tree)
    network = systems.Engine("AF_XDP, network", options.network)
    with contextlib.ExitStack() as labs:
        plain, threaded, two = (labs.enter_context(lab) for lab in
                                (wire.Lab(), wire.ThreadedLab(), wire.Lab(2)))
        cases = [("system", each.name, each, threaded if each.threaded else plain, 60)
                 for each in of_all]
        cases += [("size", f"{size + 4} bytes", network, plain, size)
                  for size in (QUICK_SIZES if options.quick else SIZES)]
        cases += [("queues", "1 queue", network, plain, 60), ("queues", "2 queues", network, two, 60)]
        cases += [("traffic", what, network, plain, 60, *how) for what, how in TRAFFIC.items()]
        rows = list(measure_once([case for case in cases if case[0] in wanted], options))
    if options.json:
        print(json.dumps({"rows": rows, "missing": missing}, indent=1))
        return 0
    show(rows)
    for line in missing:
        print(f"left out: {line}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
