# SPDX-License-Identifier: BSD-2-Clause
"""The flow table: rows that give packets their labels, and the join of a capture with them.

    start,end,protocol,source,destination,source_port,destination_port,source_mac,destination_mac,
    label

An empty cell matches anything; a row matches a packet either way round; start and end are Unix
seconds, both inclusive; protocol is the IP protocol number after extension headers; the first row
that matches wins. A packet that no row matches has no label.

Packets are read with tshark, not with code of the project: the join is a check on both.
"""
import csv
import ipaddress
import math
import subprocess
from collections import Counter, namedtuple

COLUMNS = ("start", "end", "protocol", "source", "destination", "source_port",
           "destination_port", "source_mac", "destination_mac", "label")
CLASSES = ("benign", "portscan", "bruteforce", "flood", "amplification")
Row = namedtuple("Row", COLUMNS)
Row.__new__.__defaults__ = ("",) * len(COLUMNS)
Packet = namedtuple("Packet", "number time source_mac destination_mac protocol source destination "
                    "source_port destination_port length")

FIELDS = ("frame.number", "frame.time_epoch", "eth.src", "eth.dst", "ip.src", "ipv6.src", "ip.dst",
          "ipv6.dst", "ip.proto", "ipv6.nxt", "ipv6.hopopts.nxt", "ipv6.fraghdr.nxt",
          "tcp.srcport", "udp.srcport", "tcp.dstport", "udp.dstport", "frame.len")
# Fragments are looked at one by one, and the packets that ICMP errors quote not at all.
TSHARK = ["-n", "-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE", "--disable-protocol",
          "icmp", "--disable-protocol", "icmpv6", "-T", "fields", "-E", "separator=,",
          "-E", "occurrence=f"]


def read_packets(path):
    """The IP packets of a capture, as Packet tuples of text (number and length: int)."""
    argv = ["tshark", "-r", path] + TSHARK
    for field in FIELDS:
        argv += ["-e", field]
    done = subprocess.run(argv, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"tshark can't read {path}: {done.stderr.strip()}")
    for cells in csv.reader(done.stdout.splitlines()):
        (number, time, smac, dmac, src4, src6, dst4, dst6, proto, nxt, hop, frag, tsport, usport,
         tdport, udport, length) = cells
        if not (src4 or src6):
            continue
        yield Packet(int(number), time, smac, dmac, proto or frag or hop or nxt, src4 or src6,
                     dst4 or dst6, tsport or usport or "0", tdport or udport or "0", int(length))


def write_rows(path, rows):
    with open(path, "w", newline="") as out:
        table = csv.writer(out, lineterminator="\n")
        table.writerow(COLUMNS)
        table.writerows(rows)


def read_rows(path):
    with open(path, newline="") as table:
        lines = csv.reader(table)
        if tuple(next(lines)) != COLUMNS:
            raise ValueError(f"{path}: the header isn't {','.join(COLUMNS)}")
        return [Row(*line) for line in lines]


def number_of(text):
    return ipaddress.ip_address(text) if text else None


class Join:
    """Finds the row of a packet. Rows are indexed by address: captures have many of either."""

    def __init__(self, rows):
        self.rows = [row._replace(source=number_of(row.source),
                                  destination=number_of(row.destination)) for row in rows]
        self.by_address, self.anywhere = {}, []
        for index, row in enumerate(self.rows):
            key = row.source or row.destination
            (self.by_address.setdefault(key, []) if key else self.anywhere).append(index)

    def matches(self, packet):
        """The indices of the rows that match, first to last."""
        source, destination = number_of(packet.source), number_of(packet.destination)
        one_way = (source, destination, packet.source_port, packet.destination_port,
                   packet.source_mac, packet.destination_mac)
        other_way = tuple(one_way[i] for i in (1, 0, 3, 2, 5, 4))
        for index in sorted(set(self.by_address.get(source, []) +
                                self.by_address.get(destination, []) + self.anywhere)):
            row = self.rows[index]
            if ((not row.protocol or row.protocol == packet.protocol) and
                    (not row.start or float(packet.time) >= float(row.start)) and
                    (not row.end or float(packet.time) <= float(row.end)) and
                    any(all(not want or want == have for want, have in zip(row[3:9], way))
                        for way in (one_way, other_way))):
                yield index

    def find(self, packet):
        """The index of the first row that matches, or None."""
        return next(self.matches(packet), None)


def with_times(rows, packets, found):
    """The rows that packets found, in their order, each with the interval in which they did
    (rounded outwards to milliseconds: a reader may lose a microsecond in floating point)."""
    first, last = {}, {}
    for packet, index in zip(packets, found):
        time = float(packet.time)
        first[index] = min(first.get(index, time), time)
        last[index] = max(last.get(index, time), time)
    return [rows[i]._replace(start=f"{math.floor(first[i] * 1000) / 1000:.3f}",
                             end=f"{(math.floor(last[i] * 1000) + 2) / 1000:.3f}")
            for i in sorted(first)]


def flow_of(packet):
    ends = sorted([(packet.source, packet.source_port), (packet.destination,
                                                         packet.destination_port)])
    return packet.protocol, ends[0], ends[1]


def summary(packets, labels):
    """label -> (packets, flows, bytes); the label of an unmatched packet is None."""
    count, size, flows = Counter(), Counter(), {}
    for packet, label in zip(packets, labels):
        count[label] += 1
        size[label] += packet.length
        flows.setdefault(label, set()).add(flow_of(packet))
    return {label: (count[label], len(flows[label]), size[label]) for label in count}
