# SPDX-License-Identifier: BSD-2-Clause
"""The project's own recordings (train/record): labels by flow table, parts by run."""

import csv
import ipaddress
import json
import os
import subprocess
import sys

import numpy as np

import data

SCRIPT = os.path.join(data.ROOT, "train", "record", "record.py")
# Guessing a password over HTTP or MQTT is a short connection with a request and an answer, packet by
# packet what a client does that polls an API. Training on it made a third of a lamp's own traffic
# "bruteforce". It stays in the test, where it shows as missed.
UNTEACHABLE = ("guess_web", "guess_mqtt")
COLUMNS = ["start", "end", "protocol", "source", "destination", "source_port", "destination_port",
           "source_mac", "destination_mac", "label"]


def cell(text, kind):
    """A cell's value; None for an empty one, which matches anything."""
    return kind(text) if text else None


def flow_table(path):
    """label_of(time, macs, packet) by a flow table: either way round, first match wins."""
    with open(path, newline="", encoding="utf-8") as file:
        lines = csv.reader(file)
        if next(lines) != COLUMNS:
            raise ValueError(f"{path}: the header isn't {','.join(COLUMNS)}")
        rows = [(cell(r[0], data.ns), cell(r[1], data.ns), cell(r[2], int),
                 tuple(cell(a, lambda a: ipaddress.ip_address(a).packed) for a in r[3:5])
                 + tuple(cell(p, int) for p in r[5:7])
                 + tuple(cell(m, lambda m: bytes.fromhex(m.replace(":", ""))) for m in r[7:9]),
                 r[9]) for r in lines]
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


def captures_in(folders):
    """(capture, flow table) of every recording below the folders, in the order of their names."""
    found = []
    for folder in folders:
        for where, _, files in sorted(os.walk(folder)):
            for file in sorted(files):
                table = os.path.join(where, file[: -len(".pcap")] + ".labels.csv")
                if file.endswith(".pcap") and os.path.exists(table):
                    found.append((os.path.join(where, file), table))
    return found


def make(folder, seeds, scale="medium"):
    """Runs the recording script for every seed whose capture isn't there yet (needs root)."""
    for seed in seeds:
        place = os.path.join(folder, f"seed{seed}")
        if not os.path.exists(os.path.join(place, f"seed{seed}.pcap")):
            subprocess.run([sys.executable, SCRIPT, "--seed", str(seed), "--out", place,
                            "--scale", scale], check=True)


def part_of_run(number):
    """Every fourth run is tested on, the one before it validates, the others train."""
    return {3: data.TEST, 2: data.VALID}.get(number % 4, data.TRAIN)


def scenarios(path):
    """What the run's description says was played, by address: {address: scenario's name}."""
    with open(path[: -len(".pcap")] + ".json", encoding="utf-8") as file:
        return {ipaddress.ip_address(address).packed: s["name"].rpartition("-")[0]
                for s in json.load(file)["scenarios"] for address in s["addresses"]}


def labels(path, table):
    """label_of for a recording; besides the class it notes the scenario of each packet asked for."""
    label_of, played, noted = flow_table(table), scenarios(path), []

    def label_and_note(time, macs, packet):
        noted.append(played.get(packet.source) or played.get(packet.destination) or "upkeep")
        return label_of(time, macs, packet)

    return label_and_note, noted


def read(folders, progress=lambda items: items):
    """The recordings below the folders as (Rows, scenario of each row), or (None, None)."""
    parts, played = [], []
    for number, (path, table) in enumerate(progress(captures_in(folders))):
        label_of, noted = labels(path, table)
        rows = data.read(path, label_of)
        rows.part = np.full(len(rows), part_of_run(number))
        kept = rows.y >= 0
        parts.append(rows.take(kept))
        played.append(np.array(noted)[kept])
    return (data.join(parts), np.concatenate(played)) if parts else (None, None)


def teachable(played):
    return np.array([not name.startswith(UNTEACHABLE) for name in played])
