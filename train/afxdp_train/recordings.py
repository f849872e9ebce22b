# SPDX-License-Identifier: BSD-2-Clause
"""The project's own recordings (afxdp_train/record): labels by flow table, parts by run."""

import csv
import ipaddress
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from tqdm import tqdm

from . import captured, places, public, refusal

FIRST = 33  # the first seed that trains, validates or tests
FRESH = (100, 104)  # these choose nothing: no recipe, no model
COLUMNS = ["start", "end", "protocol", "source", "destination", "source_port", "destination_port",
           "source_mac", "destination_mac", "label"]


def cell(text, kind):
    """A cell's value; None for an empty one, which matches anything."""
    return kind(text) if text else None


def flow_table(path):
    """label_of(time, macs, packet) by a flow table: either way round, first match wins."""
    with refusal.reading(path), open(path, newline="", encoding="utf-8") as file:
        lines = csv.reader(file)
        if next(lines, None) != COLUMNS:
            raise ValueError(f"the header isn't {','.join(COLUMNS)}")
        table = list(lines)
        if any(len(r) != len(COLUMNS) for r in table):
            raise ValueError("a row has another number of cells than the header")
        rows = [(cell(r[0], captured.ns), cell(r[1], captured.ns), cell(r[2], int),
                 tuple(cell(a, lambda a: ipaddress.ip_address(a).packed) for a in r[3:5])
                 + tuple(cell(p, int) for p in r[5:7])
                 + tuple(cell(m, lambda m: bytes.fromhex(m.replace(":", ""))) for m in r[7:9]),
                 r[9]) for r in table]
    by_address, anywhere = {}, []
    for number, row in enumerate(rows):
        address = row[3][0] or row[3][1]
        (by_address.setdefault(address, []) if address else anywhere).append(number)

    def label_of(time, macs, packet):
        ends = (packet.source, packet.destination, packet.sport, packet.dport, *macs)
        turned = tuple(ends[i] for i in (1, 0, 3, 2, 5, 4))
        near = by_address.get(packet.source, []) + by_address.get(packet.destination, []) + anywhere
        for number in sorted(near):
            start, end, protocol, want, label = rows[number]
            if ((start is None or time >= start) and (end is None or time <= end)
                    and protocol in (None, packet.protocol)
                    and any(all(w is None or w == h for w, h in zip(want, have))
                            for have in (ends, turned))):
                return label
        return None

    return label_of


def place(folder, seed, scale="medium"):
    """Path of a recording without its extension."""
    name = f"{'seed' if scale == 'medium' else scale}{seed}"
    return os.path.join(folder, name, name)


def make(folder, seeds, scale="medium"):
    """Records every seed that isn't there yet, two at once (needs root); which it did.

    The description is written last: a recording without one is void, and made again.
    """
    wanted = [seed for seed in seeds if not os.path.exists(f"{place(folder, seed, scale)}.json")]

    def record(seed):
        out, name = os.path.split(place(folder, seed, scale))
        os.makedirs(out, exist_ok=True)
        with open(os.path.join(out, "record.log"), "w", encoding="utf-8") as log:
            done = subprocess.run([sys.executable, "-m", "afxdp_train.record.record", "--seed",
                                   str(seed), "--out", out, "--name", name, "--scale", scale],
                                  env=os.environ | {"PYTHONPATH": os.path.dirname(places.PACKAGE)},
                                  stdout=log, stderr=log, check=False)
        if done.returncode:
            with open(log.name, encoding="utf-8") as log:
                why = (log.read().strip().splitlines() or ["it said nothing"])[-1]
            raise public.Missing(f"recording seed {seed} failed: {why} (train/record.py --check "
                                 "says what it needs; --runs 0 trains without)")

    with ThreadPoolExecutor(2) as pool:
        list(tqdm(pool.map(record, wanted), "recording, 2 min each", len(wanted),
                  disable=not wanted))
    return wanted


def part_of(seed):
    """Of eight runs one is tested on, the one before it validates, the others train."""
    return {4: captured.TEST, 3: captured.VALID}.get(seed % 8, captured.TRAIN)


def seeds(runs):
    return range(FIRST, FIRST + runs)


def named(runs):
    """Which recordings a model learned from, in words."""
    if not runs:
        return "none"
    return (f"seeds {FIRST} to {FIRST + runs - 1} of train/record.py at scales medium and busy, "
            "one in eight to validate and one to test")


def described(folder, seed, scale="medium"):
    """What was run to make a recording."""
    path = f"{place(folder, seed, scale)}.json"
    with open(path, encoding="utf-8") as file:
        try:
            return json.load(file)
        except ValueError as error:
            raise refusal.Refused(f"{path}: {error}; remove it, and the recording is made again") from error


def scenarios(run):
    """What was played, by address: {address: the name of the instance}."""
    return {ipaddress.ip_address(address).packed: s["name"]
            for s in run["scenarios"] for address in s["addresses"]}


def labels(run, table):
    """label_of for a recording; besides the class it notes the instance of each packet asked for."""
    label_of, played, noted = flow_table(table), scenarios(run), []

    def label_and_note(time, macs, packet):
        noted.append(played.get(packet.source) or played.get(packet.destination) or "upkeep")
        return label_of(time, macs, packet)

    return label_and_note, noted


def read(folder, seeds, progress=lambda items: items, scale="medium"):
    """The recordings of these seeds, one at least, as (Rows, the scenario's instance of each row)."""
    parts, played = [], []
    for seed in progress(seeds):
        path = place(folder, seed, scale)
        label_of, noted = labels(described(folder, seed, scale), f"{path}.labels.csv")
        rows = captured.read(f"{path}.pcap", label_of)
        rows.part = np.full(len(rows), part_of(seed))
        kept = rows.y >= 0
        parts.append(rows.take(kept))
        played.append(np.array(noted)[kept])
    return captured.join(parts), np.concatenate(played)
