# SPDX-License-Identifier: BSD-2-Clause
"""Captures to rows: the integers of feature set 2, the label, the flow and the part of every packet.

The integers come from build/bin/afxdp-features, the program that shares its code with the engine,
so that training and serving can't drift. What the CSV doesn't say (time, addresses, which flow)
is read by the oracle's parser, whose twelve integers of the flow must be the same.
"""

import csv
import functools
import hashlib
import os
import stat
import subprocess
import tempfile
from dataclasses import dataclass, fields
from decimal import Decimal

import numpy as np

from . import places, public, refusal
from .oracle import captures, flows, packets

FEATURES = flows.NAMES  # set 1: of the flow alone
HOST_FEATURES = FEATURES + (  # set 2: also what both sides have said, what the hosts have been doing
    "flags_forward", "flags_backward", "payload_forward", "payload_backward", "initiator_failed",
    "initiator_failed_share", "initiator_unanswered", "initiator_peers", "initiator_ports",
    "pair_flows", "pair_ports", "responder_failed", "responder_sources", "responder_new",
    "responder_refused", "service_failed")
SETS = {len(FEATURES): FEATURES, len(HOST_FEATURES): HOST_FEATURES}  # by the width of a row
CLASSES = ("benign", "portscan", "bruteforce", "flood", "amplification")
EXTRACTOR = places.program("afxdp-features")
# Training may run as root: the cache is in nobody else's reach, and each user has one.
CACHE = os.environ.get("AFXDP_TRAIN_CACHE") or places.run_folder(f"cache-{os.geteuid()}")
TRAIN, VALID, TEST = 0, 1, 2
VALID_DEVICES = ("Aria", "EdimaxPlug2101W", "HomeMaticPlug", "Lightify", "TP-LinkPlugHS100")
WESTERMO = {"Normal": "benign", "GOOD-SSH": "benign", "BAD-PORTSCAN1": "portscan",
            "BAD-PORTSCAN2": "portscan", "BAD-SSH": "bruteforce"}


@dataclass
class Rows:
    """One row per classified packet; every array has the same first dimension."""

    x: np.ndarray  # [N, 28] int64, the integers of the design page
    y: np.ndarray  # [N] class number, -1 where the packet has no class of ours
    flow: np.ndarray  # [N] flow number, unique over all captures of this object
    nth: np.ndarray  # [N] 1 for the first packet of its flow
    time: np.ndarray  # [N] ns
    index: np.ndarray  # [N] the packet's place in its capture
    capture: np.ndarray  # [N] number into `names`
    part: np.ndarray  # [N] TRAIN, VALID or TEST
    names: list  # the captures' paths

    def __len__(self):
        return len(self.y)

    def take(self, which):
        """The rows of a mask or of indices."""
        arrays = [getattr(self, f.name)[which] for f in fields(self) if f.name != "names"]
        return Rows(*arrays, self.names)


def join(parts):
    """Rows of several captures as one, flows and captures renumbered."""
    flow_base = np.cumsum([0] + [int(p.flow.max(initial=-1)) + 1 for p in parts])
    name_base = np.cumsum([0] + [len(p.names) for p in parts])
    stack = {f.name: np.concatenate([getattr(p, f.name) for p in parts])
             for f in fields(Rows) if f.name not in ("flow", "capture", "names")}
    stack["flow"] = np.concatenate([p.flow + b for p, b in zip(parts, flow_base)])
    stack["capture"] = np.concatenate([p.capture + b for p, b in zip(parts, name_base)])
    return Rows(names=[n for p in parts for n in p.names], **stack)


def walk(path):
    """Per classified packet: index, time, MAC addresses, packets.Packet, twelve integers, flow."""
    table, numbers, counts = flows.Flows(), {}, []
    for index, (time, link, frame, wire) in enumerate(captures.read(path)):
        packet = packets.parse(link, frame, wire)
        if isinstance(packet, str):
            continue
        integers = table.features(packet, time)
        flow = table.live[flows.key_of(packet)]
        number = numbers.setdefault(id(flow), len(numbers)) if flow.count > 1 else len(counts)
        if flow.count == 1:
            numbers[id(flow)] = number
            counts.append(flow)  # kept, so that no other flow gets this id
        macs = (frame[6:12], frame[0:6]) if link == 1 else (b"", b"")
        yield index, time, macs, packet, integers, number


def extract(path):
    """The integers of a capture by the C extractor: [N, 29] with the packet's index first."""
    with tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, "features.csv")
        try:
            subprocess.run([EXTRACTOR, "--set", "2", path, "-o", output], check=True, stdout=subprocess.DEVNULL)
        except (OSError, subprocess.CalledProcessError) as error:
            raise refusal.Refused(f"{path}: cannot extract its integers: {error}") from error
        with open(output, encoding="utf-8") as file:
            if not file.readline().startswith("index," + ",".join(HOST_FEATURES)):
                raise refusal.Refused(f"{EXTRACTOR} wrote another header than the design "
                                      "page's: build it again")
            width = 1 + len(HOST_FEATURES)
            return np.array([line.split(",")[:width] for line in file], np.int64).reshape(-1, width)


def cache_folder():
    """The cache's path; made where it isn't there, refused where others could write to it."""
    try:
        os.makedirs(CACHE, mode=0o700, exist_ok=True)
        found = os.lstat(CACHE)
    except OSError as error:
        raise refusal.Refused(f"cannot make the folder {CACHE}: {error.strerror}; "
                              "AFXDP_TRAIN_CACHE names another") from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise refusal.Refused(f"{CACHE} isn't a folder that only you can write to: remove it, or "
                              "set AFXDP_TRAIN_CACHE to one")
    return CACHE


@functools.cache
def version(*paths):
    """Short hash of programs; those that aren't there count as such."""
    found = [public.sha256(path) if os.path.exists(path) else "none" for path in paths]
    return hashlib.sha256(" ".join(found).encode()).hexdigest()[:12]


def cache_file(digest):
    """Where rows are kept; elsewhere once extractor or oracle change, which are compared again."""
    made_by = version(EXTRACTOR, captures.__file__, flows.__file__, packets.__file__)
    return os.path.join(cache_folder(), f"{digest}.{made_by}.{len(HOST_FEATURES)}.npz")


def is_cached(digest):
    return os.path.exists(cache_file(digest))


def read(path, label_of=None, digest=None):
    """One capture as Rows, all in TRAIN; label_of(time, macs, packet) gives a class name.

    Cached under the capture's digest; labels are not, they are cheap.
    """
    digest = digest or public.sha256(path)
    cached = cache_file(digest)
    if not os.path.exists(cached) or label_of:
        try:
            walked = list(walk(path))
        except captures.Damaged as error:
            raise refusal.Refused(f"cannot read the capture {path}: {error}") from error
    if os.path.exists(cached):
        with np.load(cached) as file:
            x, flow, nth, time, index = (file[n] for n in ("x", "flow", "nth", "time", "index"))
    else:
        x = np.array([w[4] for w in walked], np.int64).reshape(-1, len(FEATURES))
        index = np.array([w[0] for w in walked], np.int64)
        ours = extract(path)
        if not np.array_equal(ours[:, : 1 + x.shape[1]], np.column_stack((index, x))):
            raise refusal.Refused(f"{path}: {EXTRACTOR} and the oracle differ: build it again, or "
                                  "see afxdp_train/oracle")
        x = ours[:, 1:]
        flow = np.array([w[5] for w in walked], np.int64)
        time = np.array([w[1] for w in walked], np.int64)
        nth, seen = np.zeros(len(flow), np.int64), {}
        for i, number in enumerate(flow.tolist()):
            seen[number] = nth[i] = seen.get(number, 0) + 1
        temporary = f"{cached}.{os.getpid()}.npz"
        np.savez(temporary, x=x, flow=flow, nth=nth, time=time, index=index)
        os.replace(temporary, cached)
    y = np.full(len(flow), -1, np.int64)
    if label_of:
        names = [label_of(time, macs, packet) for _, time, macs, packet, _, _ in walked]
        y = np.array([CLASSES.index(n) if n in CLASSES else -1 for n in names], np.int64)
    zero = np.zeros(len(flow), np.int64)
    return Rows(x, y, flow, nth, time, index, zero, zero.copy(), [path])


def by_first_packet(rows, part_of_row):
    """Gives each flow the part that its first packet has in `part_of_row`."""
    part_of_flow = np.zeros(int(rows.flow.max(initial=-1)) + 1, np.int64)
    part_of_flow[rows.flow[rows.nth == 1]] = part_of_row[rows.nth == 1]
    rows.part = part_of_flow[rows.flow]
    return rows


def device(path):
    """The kind of device of an iot_sentinel capture, None for other captures."""
    folder, file = os.path.split(path)
    return file.split(".")[0] if os.path.basename(folder) == "iot_sentinel" else None


def ns(seconds):
    return int(Decimal(seconds) * 10**9)


def westermo_labels(path):
    """NST_M_Label by MAC pair, protocol and time; a cell of several MACs is no frame's pair."""
    table = {}
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            span = (ns(row["start"]), ns(row["end"]), row["NST_M_Label"])
            pair = frozenset((row["sMACs"], row["rMACs"]))
            table.setdefault((pair, row["protocol"]), []).append(span)

    def label_of(time, macs, packet):
        pair = frozenset(mac.hex(":") for mac in macs)
        protocol = {6: "TCP", 17: "UDP"}.get(packet.protocol, packet.protocol)
        for start, end, label in table.get((pair, f"IPV4-{protocol}"), ()):
            if start <= time <= end:
                return WESTERMO.get(label, label)
        return None

    return label_of


def lab_set(folder, progress=lambda items: items):
    """The lab set of the data page, split exactly as it says, and validation parts of our own.

    Validation is cut from training: Westermo batches 3, 7 and 12, 55 to 70 % of each DDoS capture,
    and all of VALID_DEVICES, which no model is trained on.
    """
    found, parts = public.verify(folder), []
    everything = [(name, path) for name in public.LAB_SETS for path in found[name]
                  if not path.endswith(".csv")]
    for name, path in progress(everything):
        file, digest = os.path.basename(path), public.hashes()[path]
        full = os.path.join(folder, path)
        if name == "westermo":
            rows = read(full, westermo_labels(full.replace(".pcap", ".flows.csv")), digest)
            with_start = next(captures.read(full))[0]
            batch = (rows.time - with_start) // (340 * 10**9)
            where = np.where(batch % 3 == 2, TEST, np.where(np.isin(batch, (3, 7, 12)), VALID, TRAIN))
        elif name == "stopddos":
            rows = read(full, None, digest)
            rows.y[:] = CLASSES.index("flood" if file.startswith("pkt.") else "amplification")
            place = np.arange(len(rows)) / len(rows)
            where = np.where(place >= 0.7, TEST, np.where(place >= 0.55, VALID, TRAIN))
        else:
            rows = read(full, None, digest)
            rows.y[:] = CLASSES.index("benign")
            held = VALID if device(path) in VALID_DEVICES else TRAIN
            where = np.full(len(rows), TEST if file.endswith(".test.pcap") else held)
        parts.append(by_first_packet(rows, where))
    rows = join(parts)
    return rows.take(rows.y >= 0)
