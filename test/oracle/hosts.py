# SPDX-License-Identifier: BSD-2-Clause
"""The sixteen integers that feature set 2 adds, by the design page's "Features, version 2".

Windows are whole numbers, counters and maps plain Python values; a word is turned into nothing but
what the page says of it.
"""

import struct
from collections import namedtuple

from afxdp_train.oracle import packets

NAMES = ("flags_forward", "flags_backward", "payload_forward", "payload_backward",
         "initiator_failed", "initiator_failed_share", "initiator_unanswered",
         "initiator_peers", "initiator_ports", "pair_flows", "pair_ports",
         "responder_failed", "responder_sources", "responder_new", "responder_refused",
         "service_failed")
TCP, UDP = 6, 17
SYN, RST, ACK = 2, 4, 16
BITS32, BITS64 = 2**32 - 1, 2**64 - 1
TALK, ERROR, UNREACHABLE = "talk", "error", "unreachable"
Quoted = namedtuple("Quoted", "source destination sport dport protocol realm", defaults=((),))


def finish(x):
    x ^= x >> 33
    x = x * 0xFF51AFD7ED558CCD & BITS64
    return x ^ (x >> 33)


def keys(seed, count):
    found = []
    for _ in range(count):
        seed = (seed + 0x9E3779B97F4A7C15) & BITS64
        z = (seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9 & BITS64
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB & BITS64
        found.append(z >> 32)
    return found


def nh(word, a, b):
    return ((word & BITS32) + a & BITS32) * ((word >> 32) + b & BITS32)


def words(address):
    return struct.unpack("<QQ", address.ljust(16, b"\0"))


def version(address):
    return 4 if len(address) == 4 else 6


class Hashes:
    def __init__(self, seed):
        both = keys(seed, 18)
        self.of_flows, self.of_hosts = both[:10], both[10:]

    def flow(self, packet):
        source = (*words(packet.source), packet.sport)
        destination = (*words(packet.destination), packet.dport)
        low, high = min(source, destination), max(source, destination)
        rest = low[2] | high[2] << 16 | packet.protocol << 32 | version(packet.source) << 40
        f = self.of_flows
        return finish(sum(nh(word, f[2 * i], f[2 * i + 1])
                          for i, word in enumerate((*low[:2], *high[:2], rest))) & BITS64)

    def host(self, address):
        a, k = words(address), self.of_hosts
        return finish(nh(a[0], k[0], k[1]) + nh(a[1], k[2], k[3])
                      + (version(address) + k[4] & BITS32) * k[5] & BITS64)

    def port(self, protocol, port):
        k = self.of_hosts
        return finish(((protocol << 16 | port) + k[6] & BITS32) * k[7])


def said(packet):
    """TCP flags and bytes of payload."""
    if packet.transport is None:
        return 0, packet.behind
    if packet.protocol == UDP:
        return 0, packet.behind - 8
    if packet.protocol != TCP:
        return 0, packet.behind
    if len(packet.transport) < 14:
        return 0, 0
    header = (packet.transport[12] >> 4) * 4
    sound = 20 <= header <= packet.behind
    return packet.transport[13], packet.behind - header if sound else 0


def message(packet):
    """TALK, ERROR or UNREACHABLE."""
    ip = version(packet.source)
    if packet.transport is None or len(packet.transport) < 2:
        return TALK
    kind, code = packet.transport[:2]
    if packet.protocol == 1 and ip == 4 and kind in (3, 4, 5, 11, 12):
        return UNREACHABLE if kind == 3 and code != 4 else ERROR
    if packet.protocol == 58 and ip == 6 and kind < 128:
        return UNREACHABLE if kind == 1 else ERROR
    return TALK


def quoted(packet):
    """The packet that an ICMP error quotes, or None where it isn't all there."""
    inner, ports = packet.transport[8:], True
    if version(packet.source) == 4:
        if len(inner) < 20 or inner[0] >> 4 != 4 or inner[0] & 15 < 5:
            return None
        at, protocol = (inner[0] & 15) * 4, inner[9]
        source, destination = inner[12:16], inner[16:20]
        ports = not struct.unpack_from(">H", inner, 6)[0] & 0x1FFF
    else:
        if len(inner) < 40 or inner[0] >> 4 != 6 or inner[6] in packets.EXTENSIONS:
            return None
        at, protocol, source, destination = 40, inner[6], inner[8:24], inner[24:40]
    if packet.behind < 8 + at:
        return None
    if not ports or protocol not in packets.LEAST:
        return Quoted(source, destination, 0, 0, protocol)
    if len(inner) < at + 4:
        return None
    return Quoted(source, destination, *struct.unpack_from(">HH", inner, at), protocol)


class Word:
    """Three counters and a map (a word of the page uses either), for one parity of windows."""

    def __init__(self):
        self.tag, self.counts, self.map = 0, [0, 0, 0], set()

    def counts_for(self, window):
        return (self.tag - window // 2) % 2**16 <= 1

    def change(self, window):
        if not self.counts_for(window):
            self.tag, self.counts, self.map = window // 2 % 2**16, [0, 0, 0], set()
        return self

    def rise(self, which, sample):
        count = self.counts[which]
        step = 64 if count > 8192 else 16 if count > 1024 else 1
        if sample % step == 0:
            self.counts[which] = min(count + step, 65535)


BEGUN, ANSWERED, COMPLETED = 0, 1, 2
REFUSED, NEW = 0, 1


class Cell(dict):
    """Words by name, a pair of each."""

    def __missing__(self, name):
        self[name] = (Word(), Word())
        return self[name]

    def word(self, name, window):
        return self[name][window % 2]

    def readable(self, name, window):
        both = ((self.word(name, w), w) for w in (window, window - 1))
        return [word for word, w in both if word.counts_for(w % 2**32)]

    def count(self, name, which, window):
        return sum(word.counts[which] for word in self.readable(name, window))

    def distinct(self, name, window):
        return len(set().union(*(word.map for word in self.readable(name, window))))

    def rise(self, name, which, window, sample):
        self.word(name, window).change(window).rise(which, sample)

    def rise_then(self, which, begun, window, sample):
        word = self.word("flows", begun)
        if window - 1 <= begun <= window + 2 and word.tag == begun // 2 % 2**16:
            word.rise(which, sample)

    def mark(self, name, window, bit):
        self.word(name, window).change(window).map.add(bit)


class Memory:
    def __init__(self, flows, cells=2**16, rows=1, seed=0):
        self.flows, self.cells, self.rows = flows, cells, rows
        self.hashes = Hashes(seed)
        self.tables = {}
        self.now = 0

    def place(self, number, row):
        if row == 0:
            return number % self.cells
        return ((number * 0x9E3779B1 & BITS32) >> 8) % self.cells

    def cell(self, table, row, number):
        return self.tables.setdefault((table, row, self.place(number, row)), Cell())

    def begin(self, flow, packet):
        """What is kept of a flow from its first packet on."""
        source, responder = self.hashes.host(packet.source), self.hashes.host(packet.destination)
        port = self.hashes.port(packet.protocol, packet.dport)
        numbers = {"initiators": source, "responders": responder,
                   "pairs": finish(source + 2 * responder & BITS64),
                   "services": finish(responder + port & BITS64)}
        flow.rows = [{table: self.cell(table, row, number % 2**24)
                      for table, number in numbers.items()} for row in range(self.rows)]
        flow.bits = {name: (h >> 32) * 48 >> 32
                     for name, h in (("source", source), ("peer", responder), ("port", port))}
        flow.window = self.now >> 33
        flow.sample = self.hashes.flow(packet) >> 26 & 63
        flow.said = {True: [0, 0], False: [0, 0]}
        flow.counted = flow.responded = flow.answered = flow.completed = flow.refused = False

    def count_begun(self, flow, window):
        new = any(row["initiators"].count("flows", BEGUN, window) == 0 for row in flow.rows)
        for row in flow.rows:
            for cell in row.values():
                cell.rise("flows", BEGUN, window, flow.sample)
            row["initiators"].mark("peers", window, flow.bits["peer"])
            row["initiators"].mark("ports", window, flow.bits["port"])
            row["responders"].mark("sources", window, flow.bits["source"])
            row["pairs"].mark("ports", window, flow.bits["port"])
            if new:
                row["responders"].rise("refusals", NEW, window, flow.sample)

    def count_later(self, flow, which, tables, window):
        for row in flow.rows:
            for table in tables:
                row[table].rise_then(which, flow.window, window, flow.sample)

    def count_refused(self, flow, window):
        if flow.refused:
            return
        flow.refused = True
        for row in flow.rows:
            row["responders"].rise("refusals", REFUSED, window, flow.sample)

    def event(self, flow, packet, forward, window):
        flags, payload = said(packet)
        if message(packet) != TALK:
            return
        if flow.count == 1:
            flow.counted = not (flags & ACK and (flags & SYN or payload))
            if flow.counted:
                self.count_begun(flow, window)
            return
        if not flow.counted:
            return
        completes = forward and flow.answered
        if not forward and not flow.responded:
            flow.responded = True
            if flags & RST:
                self.count_refused(flow, window)
            else:
                flow.answered = True
                self.count_later(flow, ANSWERED, ("initiators", "responders"), window)
                completes = packet.protocol != TCP
        if completes and not flow.completed:
            flow.completed = True
            self.count_later(flow, COMPLETED, ("initiators", "responders", "services"), window)

    def refuse(self, packet, time, window):
        inner = quoted(packet)
        flow = inner and self.flows.find(inner, time)
        if flow and flow.counted and (inner.source, inner.sport) == flow.initiator:
            self.count_refused(flow, window)

    def features(self, packet, time):
        """Sixteen integers of a packet that self.flows has just counted."""
        flow = self.flows.flow
        if time > self.now or self.now - time > 17 * 10**9:
            self.now = time
        window = self.now >> 33
        if flow.count == 1:
            self.begin(flow, packet)
        forward = (packet.source, packet.sport) == flow.initiator
        flags, payload = said(packet)
        side = flow.said[forward]
        side[0] |= flags
        side[1] = min(side[1] + payload, 65535)
        self.event(flow, packet, forward, window)
        if message(packet) == UNREACHABLE:
            self.refuse(packet, time, window)
        hosts = [min(values) for values in zip(*(self.read(row, window) for row in flow.rows))]
        return (flow.said[True][0], flow.said[False][0], flow.said[True][1], flow.said[False][1],
                *hosts)

    @staticmethod
    def read(row, window):
        initiator, responder = row["initiators"], row["responders"]

        def left(cell, which):
            return max(0, cell.count("flows", BEGUN, window) - cell.count("flows", which, window))

        def share(part, cell):
            begun = cell.count("flows", BEGUN, window)
            return min(255, part * 255 // begun) if begun else 0

        failed = left(initiator, COMPLETED)
        return (failed, share(failed, initiator), left(initiator, ANSWERED),
                initiator.distinct("peers", window), initiator.distinct("ports", window),
                row["pairs"].count("flows", BEGUN, window), row["pairs"].distinct("ports", window),
                left(responder, COMPLETED), responder.distinct("sources", window),
                share(responder.count("refusals", NEW, window), responder),
                responder.count("refusals", REFUSED, window),
                left(row["services"], COMPLETED))
