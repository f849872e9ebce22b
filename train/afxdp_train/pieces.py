# SPDX-License-Identifier: BSD-2-Clause
"""Captures cut into what was going on in them: pieces, from which worlds are mixed (worlds.py).

A piece is all the packets of one scenario of a recording, of one device's capture, of a stretch of a
flood, or of one batch of events of the industrial network. Its packets begin at the IP header, and
its addresses have roles, so that other hosts can play them.
"""

import ipaddress
import os
from dataclasses import dataclass, field

import numpy as np

from . import captured, recordings
from .record import lab

TARGETS = 24

# Whom an address of a piece belongs to. ANY: one of the many sources of a flood, left as it is.
CLIENT, SERVER, VICTIM, DARK, ANY = range(5)
KEPT = 160  # bytes of each packet: headers, and of an ICMP error the headers that it quotes
MANY = 60  # more hosts than these in a piece: sources drawn at random
GROUPS = (ipaddress.ip_network("224.0.0.0/4"), ipaddress.ip_network("ff00::/8"),
          ipaddress.ip_network("255.255.255.255/32"), ipaddress.ip_network("fe80::/10"),
          ipaddress.ip_network("0.0.0.0/32"), ipaddress.ip_network("::/128"))


@dataclass
class Piece:
    """Packets in the order of their capture; every array has the same first dimension."""

    name: str
    label: int  # the class that most of its packets have
    part: int  # captured.TRAIN, VALID or TEST
    time: np.ndarray  # [N] ns
    wire: np.ndarray  # [N] bytes on the wire from the IP header on
    y: np.ndarray  # [N] class of each packet
    packets: list = field(repr=False)  # [N] bytes, KEPT of them at most
    roles: dict = field(repr=False)  # address, packed -> role

    def __len__(self):
        return len(self.y)

    @property
    def seconds(self):
        return float(self.time.max() - self.time.min()) / 1e9 if len(self) else 0.0


def role_of(address):
    """The role of an address of our lab (record/lab.py)."""
    number, size = int.from_bytes(address), len(address)
    for place, networks in lab.PLACES.items():
        network = ipaddress.ip_network(networks[size == 16])
        place_of = number - int(network.network_address) - lab.OFFSET[place]
        if ipaddress.ip_address(address) not in network:
            continue
        if place == "srv" and number - int(network.network_address) >= lab.OFFSET["lan"]:
            continue
        if place_of < 0:
            return SERVER  # the router
        if place == "srv":
            return SERVER if place_of < TARGETS else VICTIM if place_of < 0x500 else DARK
        if place in ("wan", "rfl") and place_of < TARGETS:
            return SERVER
        return CLIENT if place_of < 0x900 else DARK
    return ANY


def is_group(address):
    return any(ipaddress.ip_address(address) in network for network in GROUPS)


def ends(packet):
    """Source and destination of a packet that begins at its IP header, packed."""
    return (packet[12:16], packet[16:20]) if packet[0] >> 4 == 4 else (packet[8:24], packet[24:40])


def read_packets(path):
    """(index, time, packet from its IP header on, bytes on the wire) of all that is IP."""
    for index, (time, link, frame, wire) in enumerate(captured.captures.read(path)):
        version, offset, _ = captured.packets.find_ip(link, frame)
        if version is not None and len(frame) >= offset + (20 if version == 4 else 40):
            yield index, time, frame[offset : offset + KEPT], wire - offset


def make(name, part, found, roles):
    """found: [(time, packet, wire, class)]; roles: address -> role, None: told from the packets,
    whoever speaks first is a client."""
    time, packets, wire, y = zip(*found)
    given, roles = roles or {}, {}
    for packet in packets:
        source, destination = ends(packet)
        roles.setdefault(source, given.get(source, CLIENT))
        roles.setdefault(destination, given.get(destination, SERVER))
    kinds = [address for address, role in roles.items() if role == CLIENT and address not in given]
    if len(kinds) > MANY:
        roles.update(dict.fromkeys(kinds, ANY))
    y = np.array(y, np.int64)
    return Piece(name, int(np.bincount(y).argmax()), part, np.array(time, np.int64),
                 np.array(wire, np.int64), y, list(packets), roles)


def of_recording(folder, seed, scale, part, rows):
    """The scenarios of one of our recordings, of which `rows` are; the network's own upkeep is left
    out."""
    path, run = recordings.place(folder, seed, scale), recordings.described(folder, seed, scale)
    owner = {}
    for number, played in enumerate(run["scenarios"]):
        for address in played["addresses"]:
            owner[ipaddress.ip_address(address).packed] = number
    found = {}
    class_of = dict(zip(rows.index.tolist(), rows.y.tolist()))
    for index, time, packet, wire in read_packets(f"{path}.pcap"):
        source, destination = ends(packet)
        number = owner.get(source, owner.get(destination))
        if number is not None and class_of.get(index, -1) >= 0:
            found.setdefault(number, []).append((time, packet, wire, class_of[index]))
    pieces = []
    for number, its in sorted(found.items()):
        played = run["scenarios"][number]
        roles = {address: role_of(address) for _, packet, _, _ in its for address in ends(packet)}
        pieces.append(make(f"{scale}{seed}/{played['name']}", part, its, roles))
    return pieces


def of_public(rows, path, number, name_of):
    """Pieces of a public capture. rows: its captured.Rows (see captured.lab_set), of which those of capture
    `number` are taken; name_of(time of a packet, class): which piece it belongs to. A flow belongs
    to one part, and so does a piece."""
    rows = rows.take(rows.capture == number)
    at = {index: (y, part) for index, y, part in zip(rows.index.tolist(), rows.y.tolist(),
                                                     rows.part.tolist())}
    found = {}
    for index, time, packet, wire in read_packets(path):
        if index in at:
            y, part = at[index]
            found.setdefault((part, name_of(time, y)), []).append((time, packet, wire, y))
    return [make(f"{os.path.basename(path)}/{name}", part, its, None)
            for (part, name), its in sorted(found.items())]


def of_lab(lab):
    """The lab set in pieces: batches of events of Westermo's by class, floods by the thousand,
    devices by capture."""
    pieces = []
    for number, path in enumerate(lab.names):
        if "westermo" in path:
            start = next(captured.captures.read(path))[0]
            pieces += of_public(lab, path, number,
                                lambda time, y, s=start: f"{(time - s) // (340 * 10**9)}-{y}")
        elif "stopddos" in path:
            times = lab.time[lab.capture == number]
            every = max(1, len(times) // 1500)
            edges = np.quantile(times, np.linspace(0, 1, every + 1)[1:-1]) if every > 1 else []
            pieces += of_public(lab, path, number,
                                lambda time, y, e=np.array(edges): f"{np.searchsorted(e, time)}")
        else:
            pieces += of_public(lab, path, number, lambda time, y: "all")
    return pieces
