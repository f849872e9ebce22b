# SPDX-License-Identifier: BSD-2-Clause
"""Worlds: pieces mixed anew into larger captures, so that no host's history gives its class away.

In a recording an address belongs to one scenario; what a host has been doing would be its label. In
a world clients, servers and victims are shared: attackers browse too, several clients stand behind
one address, times overlap, some pieces are seen from their middle on, others slower or faster. A
piece keeps the number of its hosts, ports and flows.
"""

import hashlib
import os
import struct
from dataclasses import dataclass

import numpy as np

from . import captured, pieces as cut, workers

TCP, UDP = 6, 17
SEGMENT = 1400  # bytes of payload that a packet has room for
HEADER = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 101)  # ns, raw IP


@dataclass
class Mixture:
    """How worlds are mixed; the run folder keeps it."""

    pieces: int = 60  # of a world
    least_at_once: float = 2.0  # pieces that overlap, on average: between these
    most_at_once: float = 16.0
    shared: float = 0.5  # of clients that are somebody else too
    shared_attacker: float = 0.35  # of attackers
    late: float = 0.2  # of pieces that are seen from their middle on
    stretched: float = 0.5  # of pieces that are slower or faster
    most_stretch: float = 4.0
    resized: float = 0.0  # of benign pieces that say more or less in each packet, either side
    most_resize: float = 3.0
    one_way: float = 0.08  # of benign pieces that are seen in one direction only
    most_seconds: float = 90.0  # a piece takes no longer, or one device would fill hours


class Hosts:
    """The addresses of a world."""

    def __init__(self, rng, clients, servers):
        self.rng, self.fresh = rng, 0
        self.clients, self.servers = clients, servers

    def address(self, number, family):
        """The number-th address: 10.0.0.0/8, or fd00::/8."""
        if family == 4:
            return struct.pack(">BBH", 10, number >> 16, number & 0xFFFF)
        return b"\xfd" + bytes(11) + struct.pack(">I", number)

    def new(self, family):
        self.fresh += 1
        return self.address(0x10000 + self.fresh, family)

    def cast(self, piece, mixture):
        """Which host of the world plays each address of a piece: {address: address}."""
        found, taken = {}, set()
        attack = piece.label != 0
        for address, role in piece.roles.items():
            family = 4 if len(address) == 4 else 6
            if role == cut.ANY or cut.is_group(address):
                continue
            pool, share = {cut.CLIENT: (self.clients, mixture.shared_attacker if attack
                                        else mixture.shared),
                           cut.SERVER: (self.servers, 0.9), cut.VICTIM: (self.servers, 0.6),
                           cut.DARK: (0, 0.0)}[role]
            base = 0x100 if role == cut.CLIENT else 0x8000
            free = [n for n in range(pool) if (base + n, family) not in taken]
            if free and self.rng.random() < share:
                number = base + int(self.rng.choice(free))
                taken.add((number, family))
                found[address] = self.address(number, family)
            else:
                found[address] = self.new(family)
        return found


def renamed(packet, names):
    """The packet with its addresses replaced, those that an ICMP error quotes too."""
    def within(at, v4):
        first, size = (at + 12, 4) if v4 else (at + 8, 16)
        for place in (first, first + size):
            address = bytes(new[place : place + size])
            if len(address) == size:
                new[place : place + size] = names.get(address, address)

    new, v4 = bytearray(packet), packet[0] >> 4 == 4
    within(0, v4)
    at = (packet[0] & 15) * 4 if v4 else 40
    if len(packet) > at + 8:
        if v4 and packet[9] == 1 and packet[at] in (3, 4, 5, 11, 12):
            within(at + 8, True)
        elif not v4 and packet[6] == 58 and packet[at] < 128:
            within(at + 8, False)
    return bytes(new)


def payload_of(packet):
    """Where the IP length stands and where its transport begins, the transport, and the bytes of
    payload; None of what is neither TCP nor UDP, a fragment, or captured short."""
    v4 = packet[0] >> 4 == 4
    at, protocol, place = ((packet[0] & 15) * 4, packet[9], 2) if v4 else (40, packet[6], 4)
    headers = {TCP: 14, UDP: 8}.get(protocol)
    fragment = v4 and struct.unpack_from(">H", packet, 6)[0] & 0x3FFF
    if headers is None or fragment or len(packet) < at + headers:
        return None
    length = struct.unpack_from(">H", packet, place)[0] + (0 if v4 else 40)
    own = 8 if protocol == UDP else (packet[at + 12] >> 4) * 4
    return place, at, protocol, length - at - own


def resized(packet, wire, factor):
    """The packet and its bytes on the wire with factor times the payload, at most a segment's."""
    found = payload_of(packet)
    if not found or not 0 < found[3] < SEGMENT:
        return packet, wire
    place, at, protocol, size = found
    wanted = min(max(1, round(size * factor)), SEGMENT)
    new = bytearray(packet)
    length = struct.unpack_from(">H", new, place)[0] + wanted - size
    struct.pack_into(">H", new, place, length)
    if protocol == UDP:
        struct.pack_into(">H", new, at + 4, 8 + wanted)
    return bytes(new[: wire + wanted - size]), wire + wanted - size


@dataclass
class Play:
    """How a piece plays in a world."""

    piece: cut.Piece
    stretch: float
    skip: int  # packets that are over when the world begins to look
    side: int  # 1, 0: only what clients send, or only the rest; None: both
    seconds: float
    sizes: tuple = None  # factors of the payload of servers' and of clients' packets

    def packets(self, names, start):
        """[(time, packet, wire, class)] from `start` ns on."""
        piece, last = self.piece, start + int(self.seconds * 1e9)
        time = piece.time - piece.time[self.skip :].min()
        time = start + (time * self.stretch).astype(np.int64)
        return [(int(time[i]), *self.packet(i, names), int(piece.y[i]))
                for i in range(self.skip, len(piece))
                if time[i] <= last and self.side in (None, self.from_client(i))]

    def packet(self, i, names):
        """A packet under the addresses of the world, and its bytes on the wire."""
        packet, wire = self.piece.packets[i], int(self.piece.wire[i])
        if self.sizes:
            packet, wire = resized(packet, wire, self.sizes[self.from_client(i)])
        return renamed(packet, names), wire

    def from_client(self, i):
        return int(self.piece.roles[cut.ends(self.piece.packets[i])[0]] == cut.CLIENT)


def draw(piece, rng, mixture):
    """A Play of the piece."""
    stretch, skip, side, sizes = 1.0, 0, None, None
    if rng.random() < mixture.stretched:
        stretch = float(np.exp(rng.uniform(-1, 1) * np.log(mixture.most_stretch)))
    if rng.random() < mixture.late:
        skip = int(rng.integers(0, len(piece)))
    if piece.label == 0 and rng.random() < mixture.one_way:
        side = int(rng.integers(2))
    if piece.label == 0 and mixture.resized and rng.random() < mixture.resized:
        sizes = tuple(np.exp(rng.uniform(-1, 1, 2) * np.log(mixture.most_resize)))
    return Play(piece, stretch, skip, side, min(piece.seconds * stretch, mixture.most_seconds), sizes)


def mix(pieces, rng, mixture):
    """One world of these pieces: [(time, packet, wire, class, piece's number)] by time."""
    hosts = Hosts(rng, max(2, len(pieces) // int(rng.integers(2, 7))),
                  int(rng.integers(24, 40)))
    plays = [draw(piece, rng, mixture) for piece in pieces]
    at_once = np.exp(rng.uniform(np.log(mixture.least_at_once), np.log(mixture.most_at_once)))
    length, found = sum(play.seconds for play in plays) / at_once, []
    for number, play in enumerate(plays):
        start = 10**18 + int(rng.uniform(0, length) * 1e9)
        found += [(*row, number) for row in play.packets(hosts.cast(play.piece, mixture), start)]
    found.sort(key=lambda row: row[0])
    return found


def write(path, found):
    with open(path, "wb") as file:
        file.write(HEADER)
        for time, packet, wire, _, _ in found:
            file.write(struct.pack("<IIII", time // 10**9, time % 10**9, len(packet), wire))
            file.write(packet)


def rows_of(found, pieces, part):
    """data.Rows of a world, and the name of each row's piece. A flow that two pieces share by
    chance is left out."""
    digest = hashlib.sha256()
    for time, packet, wire, _, _ in found:
        digest.update(struct.pack("<qI", time, wire) + packet)
    output = os.path.join(captured.cache_folder(), f"{digest.hexdigest()}.{os.getpid()}.pcap")
    if not captured.is_cached(digest.hexdigest()):
        write(output, found)
    rows = captured.read(output, None, digest.hexdigest())
    if os.path.exists(output):
        os.remove(output)
    rows.names = [f"world of {pieces[0].name} and others"]
    rows.y = np.array([row[3] for row in found], np.int64)[rows.index]
    rows.part[:] = part
    number = np.array([row[4] for row in found], np.int64)[rows.index]
    low = np.full(int(rows.flow.max(initial=-1)) + 1, len(pieces))
    high = np.full(len(low), -1)
    np.minimum.at(low, rows.flow, number)
    np.maximum.at(high, rows.flow, number)
    kept = (low == high)[rows.flow]
    names = np.array([piece.name for piece in pieces])[number]
    return rows.take(kept), names[kept]


def make(pieces, part, plays, seed, mixture=Mixture(), progress=lambda items, count: items):
    """Worlds in which each piece of a part plays `plays` times: (captured.Rows, the pieces' names)."""
    rng = np.random.default_rng([seed, part])
    chosen = [piece for piece in pieces if piece.part == part and len(piece)]
    order = np.concatenate([rng.permutation(len(chosen)) for _ in range(plays)])
    casts = np.array_split(order, max(1, round(len(order) / mixture.pieces)))

    def world(number):
        its = [chosen[n] for n in casts[number]]
        rng = np.random.default_rng([seed, part, number])
        return rows_of(mix(its, rng, mixture), its, part)

    jobs = [(number,) for number in range(len(casts))]
    made = list(progress(workers.each(world, jobs), len(jobs)))
    return captured.join([rows for rows, _ in made]), np.concatenate([names for _, names in made])
