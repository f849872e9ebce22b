# SPDX-License-Identifier: BSD-2-Clause
"""Records labelled traffic: real programs that talk between network namespaces of our own.

    sudo train/record.py --seed 1 --out DIR

writes DIR/NAME.pcap, DIR/NAME.labels.csv (the flow table, see labels.py) and DIR/NAME.json (what
was run), checks with tshark that every IP packet has a label of its own scenario, and prints a
table. Exit status: 0 done, 1 failed, 2 bad usage, 77 something that's needed is missing.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, namedtuple
from concurrent.futures import ThreadPoolExecutor

from . import attacks_flood, attacks_probe  # noqa: F401  (these register their scenarios)
from . import benign_more, benign_other, benign_web  # noqa: F401
from . import busy_attacks, busy_benign, busy_crowds  # noqa: F401
from . import capture, labels
from .lab import LINK_LOCAL, Lab, LabError, address
from .scenario import SCENARIOS, TARGETS, Context, Pool, make_plan, rows_of
from .services import Services

# amount: what an instance does, as a factor; benign and attacks: instances of each scenario;
# seconds: nothing starts later; packets: a run with more is void
Scale = namedtuple("Scale", "amount benign attacks seconds packets")
SCALES = {"small": Scale(1.0, 1, 1, 60, 30000), "medium": Scale(1.0, 5, 3, 240, 60000),
          "large": Scale(2.0, 10, 6, 900, 2000000), "busy": Scale(1.0, 2, 2, 150, 250000)}
AT_ONCE = 8
TAGS = {"vlan": bytes.fromhex("8100000a"), "qinq": bytes.fromhex("88a800c88100000b")}

PROGRAMS = {  # program -> the arguments that make it say its version
    "ab": ["-V"], "fping": ["-v"], "snmpd": ["-v"], "snmpget": ["-V"], "snmpwalk": ["-V"],
    "nmap": ["--version"], "nping": ["--version"], "hping3": ["--version"], "hydra": ["-h"],
    "nginx": ["-v"], "sshd": ["-V"], "ssh": ["-V"], "sshpass": ["-V"], "curl": ["--version"],
    "iperf3": ["--version"], "dnsmasq": ["--version"], "dig": ["-v"], "mosquitto": ["-h"],
    "mosquitto_pub": ["--version"], "ping": ["-V"], "logger": ["--version"],
    "tcpdump": ["--version"], "tshark": ["--version"], "openssl": ["version"],
    "ethtool": ["--version"], "ip": ["-V"]}


def missing():
    """What this machine lacks, in words; empty when all is there."""
    path = "/usr/sbin:/usr/bin:/sbin:/bin"
    lacks = [name for name in PROGRAMS if not shutil.which(name, path=path)]
    if os.geteuid() != 0:
        lacks.append("root")
    elif not lacks:
        name = f"afr{os.getpid()}-probe"
        if subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode:
            lacks.append("network namespaces")
        subprocess.run(["ip", "netns", "del", name], capture_output=True)
    if not os.path.exists("/dev/net/tun"):
        lacks.append("/dev/net/tun")
    return lacks


def versions():
    said = {}
    for name, arguments in PROGRAMS.items():
        done = subprocess.run([name] + arguments, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL)
        lines = (done.stdout + "\n" + done.stderr).split("\n")
        said[name] = next((line.strip() for line in lines if any(c.isdigit() for c in line)), "?")
    return said


def make_plans(options, names):
    """Every instance of the run, in the order in which they start: the seed decides it all."""
    scale = SCALES[options.scale]
    chosen = [s for s in SCENARIOS if s.name in names and options.scale in s.scales]
    names = [(s, f"{s.name}-{n}") for s in chosen
             for n in range(scale.benign if s.label == "benign" else scale.attacks)]
    needed = Counter(need for s, _ in names for need in s.needs)
    pool = Pool(TARGETS + 8 + max([2 * len(names), *needed.values()]))
    plans = [make_plan(s, name, options.seed, scale.amount, pool) for s, name in names]
    random.Random(f"{options.seed}:order").shuffle(plans)
    return plans, pool


def draw_delays(seed, size):
    """One-way delay and loss of each remote address: from the same room to another continent."""
    rng = random.Random(f"{seed}:delays")
    return {(place, number): (round(10 ** rng.uniform(-1, 1.7), 2),
                              rng.choice((0, 0, 0, 0.005, 0.01)))
            for place in ("wan", "atk") for number in range(size)}


def upkeep_rows(size):
    """What the segment does for itself over IPv6: neighbours and multicast groups; benign."""
    rows = [labels.Row(source=local, label="benign") for local in LINK_LOCAL.values()]
    groups = ["ff02::1", "ff02::2", "ff02::16"]
    for place in ("srv", "lan"):
        groups += [f"ff02::1:ff00:{address(place, number, 6).split('::')[1]}"
                   for number in range(size)]
    groups.append("ff02::1:ff00:1")
    return rows + [labels.Row(destination=group, protocol="58", label="benign")
                   for group in groups + ["ff02::1:ff00:2", "ff02::1:ff00:3"]]


def draw_tags(plans):
    """Some clients of the segment live in a VLAN, some in a VLAN within another."""
    tags = {}
    for plan in plans:
        place, number = plan.owned[0]
        if place == "lan":
            kind = random.Random(plan.name).choice(("none", "none", "vlan", "vlan", "qinq"))
            if kind != "none":
                tags[address(place, number, plan.family)] = TAGS[kind]
    return tags


def play(plans, lab, services, seconds, stop):
    """Run all instances, some at once; what hasn't ended after seconds is stopped."""
    timer = threading.Timer(seconds, stop.set)
    timer.daemon = True
    timer.start()
    records = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        jobs = [pool.submit(Context(plan, lab, services, stop).play) for plan in plans]
        try:
            records = [job.result() for job in jobs]
        except BaseException:
            stop.set()
            lab.close()
            raise
        finally:
            timer.cancel()
    return records


def record(options, plans, pool, raw, stop):
    """Build the lab, record to raw; returns what each instance did."""
    with Lab(pool.size, draw_delays(options.seed, pool.size), options.keep_lab) as lab:
        services = Services(lab, options.seed)
        services.start()
        limit = random.Random(f"{options.seed}:icmp").choice((200, 1000, 5000))
        lab.sysctl("srv", net__ipv4__tcp_synack_retries=1, net__ipv4__icmp_ratelimit=limit)
        scale = SCALES[options.scale]
        with capture.Recorder(lab, raw, scale.packets):
            return play(plans, lab, services, options.seconds or scale.seconds, stop)


def label_packets(plans, pool, path):
    """The flow table of a capture, and for each instance how many packets it has.

    Two instances can't share a packet unless a spoofed source hits an address of the lab: then the
    run is void.
    """
    rows, owner = upkeep_rows(pool.size), {}
    for plan in plans:
        rows += rows_of(plan)
        owner.update({row.source: plan.name for row in rows_of(plan)})
    packets, join, found, names = list(labels.read_packets(path)), labels.Join(rows), [], {}
    for packet in packets:
        indices = list(join.matches(packet))
        owners = {owner[rows[i].source] for i in indices if rows[i].source in owner}
        if len(owners) > 1 or not indices:
            raise LabError(f"frame {packet.number} of {path} belongs to {len(owners)} scenarios "
                           f"({packet.source} to {packet.destination})")
        found.append(indices[0])
        names[packet.number] = owner.get(rows[indices[0]].source, "upkeep")
    return labels.with_times(rows, packets, found), names


def check(path, plans):
    """Reads back what was written: every IP packet has a label, and every label has packets.

    Returns label -> (packets, flows, bytes).
    """
    packets = list(labels.read_packets(path + ".pcap"))
    rows = labels.read_rows(path + ".labels.csv")
    join = labels.Join(rows)
    found = [join.find(packet) for packet in packets]
    lost = [packet.number for packet, index in zip(packets, found) if index is None]
    if lost:
        raise LabError(f"{len(lost)} of {len(packets)} IP packets of {path}.pcap have no label, "
                       f"frame {lost[0]} the first")
    absent = {plan.scenario.label for plan in plans} - {rows[i].label for i in found}
    if absent:
        raise LabError(f"no packet of {', '.join(sorted(absent))} was recorded")
    return labels.summary(packets, [rows[index].label for index in found])


def split(path, names):
    """One capture per scenario; what isn't IP goes to NAME.upkeep.pcap."""
    frames = {}
    for number, frame in enumerate(capture.read_frames(path + ".pcap"), 1):
        frames.setdefault(names.get(number, "upkeep"), []).append(frame)
    for name, its in frames.items():
        capture.write_frames(f"{path}.{name}.pcap", its)


def finish(options, plans, pool, records, raw):
    """Writes the run's three files and checks them; returns label -> (packets, flows, bytes)."""
    path = os.path.join(options.out, options.name)
    capture.write_frames(path + ".pcap",
                         capture.tagged(capture.read_frames(raw), draw_tags(plans)))
    rows, names = label_packets(plans, pool, path + ".pcap")
    labels.write_rows(path + ".labels.csv", rows)
    table = check(path, plans)
    count = Counter(names.values())
    for entry in records:
        entry["packets"] = count[entry["name"]]
    # Last and at once: a run is whole if this file is there.
    with open(path + ".json.part", "w") as out:
        json.dump({"seed": options.seed, "scale": options.scale, "scenarios": records,
                   "labels": {k: dict(zip(("packets", "flows", "bytes"), v))
                              for k, v in table.items()},
                   "versions": versions()}, out, indent=1)
        out.write("\n")
    os.replace(path + ".json.part", path + ".json")
    if options.split:
        split(path, names)
    return table


def print_table(table, path, seconds):
    print(f"{'label':<14} {'packets':>8} {'flows':>7} {'bytes':>10}")
    for label in labels.CLASSES:
        if label in table:
            print(f"{label:<14} {table[label][0]:>8} {table[label][1]:>7} {table[label][2]:>10}")
    print(f"{'all IP':<14} {sum(v[0] for v in table.values()):>8} "
          f"{sum(v[1] for v in table.values()):>7} {sum(v[2] for v in table.values()):>10}")
    print(f"all IP packets have their label; {path}.pcap, .labels.csv, .json; {seconds:.0f} s")


def choose(text):
    """Scenario names of a list of names and labels."""
    names = set()
    for word in text.split(","):
        some = {s.name for s in SCENARIOS if word in ("all", s.name, s.label)}
        if not some:
            raise argparse.ArgumentTypeError(f"no scenario or label is called {word}; see --list")
        names |= some
    return names


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0],
                                     epilog="Needs root; touches nothing outside its namespaces.")
    parser.add_argument("--seed", type=int, default=1, help="decides every choice (default 1)")
    parser.add_argument("--out", default=".", metavar="DIR", help="where the files go")
    parser.add_argument("--name", help="name of the files (default seedN)")
    parser.add_argument("--scenarios", type=choose, default=choose("all"), metavar="LIST",
                        help="names and labels, separated by commas (default all)")
    parser.add_argument("--scale", choices=SCALES, default="small")
    parser.add_argument("--seconds", type=float,
                        help="start nothing new after so many (default by scale)")
    parser.add_argument("--split", action="store_true", help="also one capture per scenario")
    parser.add_argument("--keep-lab", action="store_true",
                        help="keep the lab's folder with the servers' logs")
    parser.add_argument("--list", action="store_true", help="list the scenarios and end")
    parser.add_argument("--check", action="store_true", help="say what's missing here and end")
    return parser.parse_args(arguments)


def list_scenarios():
    for s in SCENARIOS:
        words = " ".join((s.function.__doc__ or "").split())
        print(f"{s.label:<14} {s.name:<18} {words}")
    return 0


def interrupt(*_):
    raise KeyboardInterrupt


def main():
    options = parse(sys.argv[1:])
    if options.list:
        return list_scenarios()
    lacks = missing()
    if lacks:
        print(f"record: can't record without {', '.join(lacks)}; run it as root, after "
              "deps/install.sh", file=sys.stderr)
        return 77
    if options.check:
        return 0
    options.name = options.name or f"seed{options.seed}"
    os.makedirs(options.out, exist_ok=True)
    signal.signal(signal.SIGTERM, interrupt)
    begun = time.monotonic()
    plans, pool = make_plans(options, options.scenarios)
    handle, raw = tempfile.mkstemp(suffix=".pcap", prefix="afxdp-record-")
    os.close(handle)
    try:
        records = record(options, plans, pool, raw, threading.Event())
        table = finish(options, plans, pool, records, raw)
    except (LabError, OSError, RuntimeError) as error:
        print(f"record: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("record: interrupted; the lab is removed, nothing is kept", file=sys.stderr)
        return 1
    finally:
        os.unlink(raw)
    print_table(table, os.path.join(options.out, options.name), time.monotonic() - begun)
    return 0


if __name__ == "__main__":
    sys.exit(main())
