#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Hand-made packets with expectations worked out by hand from the design page."""

import os
import struct
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(os.path.dirname(HERE)), "train")]

from afxdp_train.oracle import captures, flows
import compare
import oracle
from afxdp_train.oracle.packets import MALFORMED, OTHER, Packet, parse

A, B = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])
A6, B6 = bytes(15) + b"\x01", bytes(15) + b"\x02"
ETHERNET, COOKED, COOKED2, RAW, LOOPBACK, PPP = 1, 113, 276, 101, 0, 9


def udp(sport=1000, dport=53, size=8):
    return struct.pack(">HHHH", sport, dport, size, 0) + bytes(max(0, size - 8))


def tcp(sport=1000, dport=80):
    return struct.pack(">HHIIHHHH", sport, dport, 0, 0, 0x5002, 0, 0, 0)


def ipv4(payload, protocol=17, options=b"", length=None, fragment=0, version=4, words=None):
    words = 5 + len(options) // 4 if words is None else words
    length = 20 + len(options) + len(payload) if length is None else length
    return (struct.pack(">BBHHHBBH", version << 4 | words, 0, length, 0, fragment, 64, protocol, 0)
            + A + B + options + payload)


def ipv6(payload, protocol=17, length=None):
    return (struct.pack(">IHBB", 6 << 28, len(payload) if length is None else length, protocol, 64)
            + A6 + B6 + payload)


def ethernet(payload, kind=0x0800, tags=()):
    return (bytes(12) + b"".join(struct.pack(">HH", tag, 7) for tag in tags)
            + struct.pack(">H", kind) + payload)


def extension(following, size=0):
    return bytes([following, size]) + bytes(6 + 8 * size)


def outcome(link, data, captured=None):
    return parse(link, data[:captured], len(data))


class Links(unittest.TestCase):
    def setUp(self):
        self.ip = ipv4(udp())
        self.expected = Packet(A, B, 1000, 53, 17, 28)

    def test_each_link_type(self):
        cooked = bytes(14) + b"\x08\x00" + self.ip
        cooked2 = b"\x08\x00" + bytes(18) + self.ip
        for link, frame in ((ETHERNET, ethernet(self.ip)), (COOKED, cooked), (COOKED2, cooked2),
                            (RAW, self.ip), (12, self.ip), (228, self.ip),
                            (LOOPBACK, b"\x02\0\0\0" + self.ip),
                            (LOOPBACK, b"\0\0\0\x02" + self.ip), (108, b"\0\0\0\x02" + self.ip)):
            self.assertEqual(outcome(link, frame), self.expected, link)

    def test_ipv6_by_link(self):
        ip, expected = ipv6(udp()), Packet(A6, B6, 1000, 53, 17, 48)
        self.assertEqual(outcome(ETHERNET, ethernet(ip, 0x86DD)), expected)
        self.assertEqual(outcome(RAW, ip), expected)
        self.assertEqual(outcome(229, ip), expected)
        for family in (10, 24, 28, 30):
            self.assertEqual(outcome(LOOPBACK, struct.pack("<I", family) + ip), expected)

    def test_tags(self):
        for tags in ((0x8100,), (0x88A8, 0x8100), (0x9100, 0x9100)):
            self.assertEqual(outcome(ETHERNET, ethernet(self.ip, tags=tags)), self.expected)
        self.assertEqual(outcome(ETHERNET, ethernet(self.ip, tags=(0x8100,) * 3)), OTHER)

    def test_ppp(self):
        for head in (b"\xff\x03\0\x21", b"\0\x21", b"\x21", b"\0\x03\x21", b"\x0f\0\x08\0"):
            self.assertEqual(outcome(PPP, head + self.ip), self.expected, head)
        self.assertEqual(outcome(PPP, b"\0\x57" + ipv6(udp())).length, 48)
        self.assertEqual(outcome(PPP, b"\xc0\x21" + self.ip), OTHER)

    def test_llc(self):
        for head in (b"\xaa\xaa\x03\0\0\0\x08\0", b"\xaa\xaa\x03\0\0\xf8\x08\0", b"\x06\x06\x03",
                     b"\xfe\xfe\x03\xcc", b"\xfe\xfe\x03\x80\0\0\0\x08\0"):
            data = head + self.ip
            self.assertEqual(outcome(ETHERNET, ethernet(data, len(data)) + bytes(9)), self.expected)
            self.assertEqual(outcome(ETHERNET, ethernet(data, len(data) - 1)), MALFORMED)
            self.assertEqual(outcome(COOKED, bytes(14) + b"\0\x04" + data), self.expected)
            self.assertEqual(outcome(COOKED2, b"\0\x04" + bytes(18) + data), self.expected)
        for head in (b"\xaa\xaa\x03\0\x80\xc2\x08\0", b"\x42\x42\x03", b"\xaa\xaa\x03"):
            self.assertEqual(outcome(ETHERNET, ethernet(head + self.ip, 60)), OTHER)

    def test_other(self):
        for kind in (0x0806, 0x88CC, 0x8847, 0x8864, 64):
            self.assertEqual(outcome(ETHERNET, ethernet(self.ip, kind)), OTHER)
        self.assertEqual(outcome(ETHERNET, ethernet(self.ip), 13), OTHER)
        self.assertEqual(outcome(ETHERNET, ethernet(self.ip, tags=(0x8100,)), 17), OTHER)
        self.assertEqual(outcome(LOOPBACK, b"\x07\0\0\0" + self.ip), OTHER)


class Ipv4(unittest.TestCase):
    def test_options(self):
        packet = outcome(RAW, ipv4(udp(), options=bytes(8)))
        self.assertEqual(packet, Packet(A, B, 1000, 53, 17, 36))

    def test_padding_is_ignored(self):
        self.assertEqual(outcome(RAW, ipv4(udp()) + bytes(18)).length, 28)

    def test_length_zero_takes_the_wire(self):
        self.assertEqual(outcome(ETHERNET, ethernet(ipv4(tcp(), 6, length=0) + bytes(9))).length, 49)

    def test_protocols(self):
        for protocol in (6, 17, 33, 132, 136):
            self.assertEqual(outcome(RAW, ipv4(tcp(7, 8), protocol))[2:5], (7, 8, protocol))
        for protocol in (1, 2, 4, 47, 50, 51, 59):
            self.assertEqual(outcome(RAW, ipv4(tcp(7, 8), protocol))[2:5], (0, 0, protocol))

    def test_fragments(self):
        first = outcome(RAW, ipv4(udp(), fragment=0x2000))
        self.assertEqual(first, Packet(A, B, 1000, 53, 17, 28))
        later = outcome(RAW, ipv4(b"xy", fragment=1))
        self.assertEqual(later, Packet(A, B, 0, 0, 17, 22))
        self.assertEqual(outcome(RAW, ipv4(tcp()[:16], 6, fragment=0x2000)), MALFORMED)

    def test_malformed(self):
        for data in (ipv4(udp(), version=5), ipv4(udp(), words=4), ipv4(udp(), words=15),
                     ipv4(udp(), length=29), ipv4(udp(), length=19), ipv4(udp(), length=27),
                     ipv4(tcp(), 6, length=39), ipv4(b"xyz", 132), ipv4(b"xyz", 33)):
            self.assertEqual(outcome(ETHERNET, ethernet(data)), MALFORMED, data.hex())

    def test_cut_captures(self):
        frame = ipv4(tcp(), 6)
        self.assertEqual(outcome(RAW, frame, 24), Packet(A, B, 1000, 80, 6, 40))
        self.assertEqual(outcome(RAW, frame, 23), MALFORMED)
        self.assertEqual(outcome(RAW, frame, 19), MALFORMED)
        self.assertEqual(outcome(RAW, frame, 0), MALFORMED)
        self.assertEqual(outcome(RAW, ipv4(b"ping", 1), 20), Packet(A, B, 0, 0, 1, 24))
        self.assertEqual(outcome(RAW, ipv4(b"ping", 1, options=bytes(4)), 20), MALFORMED)


class Ipv6(unittest.TestCase):
    def test_chain(self):
        authentication = bytes([17, 4]) + bytes(22)  # (4 + 2) * 4 = 24 bytes
        payload = (extension(60) + extension(43, 1) + extension(135) + extension(51)
                   + authentication + udp())
        self.assertEqual(outcome(RAW, ipv6(payload, 0)), Packet(A6, B6, 1000, 53, 17, 112))

    def test_at_most_eight(self):
        eight = b"".join(extension(60) for _ in range(7)) + extension(17) + udp()
        self.assertEqual(outcome(RAW, ipv6(eight, 60)).dport, 53)
        self.assertEqual(outcome(RAW, ipv6(extension(60) + eight, 60)), MALFORMED)

    def test_fragments(self):
        first = bytes([60, 0, 0, 1, 0, 0, 0, 1]) + extension(17) + udp()
        self.assertEqual(outcome(RAW, ipv6(first, 44)), Packet(A6, B6, 1000, 53, 17, 64))
        later = bytes([60, 0, 0, 8, 0, 0, 0, 1]) + b"rest"
        self.assertEqual(outcome(RAW, ipv6(later, 44)), Packet(A6, B6, 0, 0, 60, 52))

    def test_ends_of_chains(self):
        for protocol in (50, 59, 58, 41, 139):
            packet = outcome(RAW, ipv6(extension(protocol) + bytes(8), 0))
            self.assertEqual(packet, Packet(A6, B6, 0, 0, protocol, 56))

    def test_malformed(self):
        for data in (ipv6(udp(), length=9), ipv6(udp(), length=7), ipv6(extension(17, 2), 0),
                     ipv6(extension(6) + tcp()[:19], 0), ipv6(b"\x11\0", 60),
                     b"\x50" + ipv6(udp())[1:]):
            self.assertEqual(outcome(ETHERNET, ethernet(data, 0x86DD)), MALFORMED, data.hex())

    def test_payload_length_zero(self):
        self.assertEqual(outcome(RAW, ipv6(b"", 59)), Packet(A6, B6, 0, 0, 59, 40))
        left = ipv6(extension(17) + udp(), 0, length=0) + bytes(70000)
        self.assertEqual(outcome(RAW, left), Packet(A6, B6, 1000, 53, 17, 70056))

    def test_jumbograms(self):
        for said, on_wire, length in ((65536, 65536, 65576), (65536, 70000, 65576), (65535, 70000, 0),
                                      (70001, 70000, 0)):
            option = b"\x11\0\xc2\x04" + struct.pack(">I", said)
            data = ipv6(option + udp(), 0, length=0)
            expected = Packet(A6, B6, 1000, 53, 17, length) if length else MALFORMED
            self.assertEqual(outcome(RAW, data + bytes(40 + on_wire - len(data))), expected)

    def test_cut_captures(self):
        data = ipv6(extension(17) + udp(), 60)
        self.assertEqual(outcome(RAW, data, 52).dport, 53)
        for captured in (39, 47, 51):
            self.assertEqual(outcome(RAW, data, captured), MALFORMED)


class FlowStatistics(unittest.TestCase):
    def one(self, table, time, there=True, length=28, ports=(1000, 53), hosts=(A, B)):
        if not there:
            ports, hosts = ports[::-1], hosts[::-1]
        return table.features(Packet(*hosts, *ports, 17, length), time)

    def test_three_packets_by_hand(self):
        table = flows.Flows()
        self.assertEqual(self.one(table, 5_000_000),
                         (1000, 53, 17, 28, 0, 1, 28 * 256, 0, 65536, 0, 0, 0))
        # lengths 28, 101: mean 129*256/2 = 16512; deviation (0 + |25856-16512|)/2 = 4672
        # interval 1234.999 µs -> 1234: mean 617, deviation 617/2 = 308
        # direction 1, 0: mean 32768, deviation 32768/2
        self.assertEqual(self.one(table, 6_234_999, there=False, length=101),
                         (1000, 53, 17, 101, 1234, 0, 16512, 617, 32768, 4672, 308, 16384))
        # back in time: interval 0; means 157*256/3 = 13397, 1234/3 = 411, 131072/3 = 43690
        # deviations (9344+|7168-13397|)/3 = 5191, (617+411)/3 = 342, (32768+21846)/3 = 18204
        self.assertEqual(self.one(table, 6_000_000),
                         (1000, 53, 17, 28, 0, 1, 13397, 411, 43690, 5191, 342, 18204))
        # last stayed at 6,234,999 ns
        self.assertEqual(self.one(table, 6_236_000)[4], 1)
        self.assertEqual(table.begun, 1)

    def test_timeout(self):
        table = flows.Flows(120)
        self.one(table, 0)
        self.assertEqual(self.one(table, 120 * 10**9, there=False)[4:6], (120_000_000, 0))
        self.assertEqual(table.place, (0, 2))
        # One nanosecond more begins a flow, whose initiator is this packet's source.
        self.assertEqual(self.one(table, 240 * 10**9 + 1, there=False)[:6], (53, 1000, 17, 28, 0, 1))
        # Far back in time is still the same flow.
        self.assertEqual(self.one(table, 1)[4:6], (0, 0))
        self.assertEqual(table.begun, 2)
        self.assertEqual(table.place, (1, 2))

    def test_key(self):
        table = flows.Flows()
        self.one(table, 0)
        for packet in (Packet(A, B, 1000, 53, 6, 40), Packet(A, B, 1000, 54, 17, 40),
                       Packet(B, A, 1000, 53, 17, 40), Packet(A6, B6, 1000, 53, 17, 40)):
            table.features(packet, 1)
        self.assertEqual(table.begun, 5)
        table.features(Packet(B, A, 53, 1000, 17, 40), 2)
        self.assertEqual(table.begun, 5)

    def test_same_endpoints(self):
        table = flows.Flows()
        for time in (0, 1):
            self.assertEqual(self.one(table, time, ports=(7, 7), hosts=(A, A))[5], 1)

    def test_saturation(self):
        table = flows.Flows(10**6)
        self.assertEqual(self.one(table, 0, length=2**24)[6], 2**32 - 1)
        row = self.one(table, 5000 * 10**9)
        self.assertEqual(row[4], 2**32 - 1)
        self.assertEqual(row[7], (2**32 - 1) // 2)


def pcap(packets, order="<", magic=0xA1B2C3D4, link=RAW):
    data = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, link)
    for seconds, fraction, packet in packets:
        data += struct.pack(order + "IIII", seconds, fraction, len(packet), len(packet)) + packet
    return data


def block(order, kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack(order + "II", kind, len(body) + 12) + body + struct.pack(order + "I", len(body) + 12)


class Files(unittest.TestCase):
    def read(self, data):
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            return list(captures.read(file.name))

    def test_pcap(self):
        ip = ipv4(udp())
        for order in "<>":
            micro = self.read(pcap([(3, 7, ip)], order))
            nano = self.read(pcap([(3, 7, ip)], order, 0xA1B23C4D))
            self.assertEqual(micro, [(3_000_007_000, RAW, ip, 28)])
            self.assertEqual(nano, [(3_000_000_007, RAW, ip, 28)])

    def test_pcapng(self):
        ip = ipv4(udp())
        for order in "<>":
            section = block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
            micro = block(order, 1, struct.pack(order + "HHI", RAW, 0, 0))
            binary = block(order, 1, struct.pack(order + "HHI", ETHERNET, 0, 0)
                           + struct.pack(order + "HHBxxx", 9, 1, 0x8A)
                           + struct.pack(order + "HHq", 14, 8, 2) + struct.pack(order + "I", 0))
            def packet(interface, ticks):
                return block(order, 6, struct.pack(order + "IIIII", interface, ticks >> 32,
                                                   ticks & 0xFFFFFFFF, 20, 28) + ip[:20])
            data = (section + micro + binary + packet(0, 2**33 + 5) + packet(1, 512)
                    + block(order, 3, struct.pack(order + "I", 28) + ip) + block(order, 99, b"abc"))
            self.assertEqual(self.read(data), [((2**33 + 5) * 1000, RAW, ip[:20], 28),
                                               (2_500_000_000, ETHERNET, ip[:20], 28),
                                               (2_500_000_000, RAW, ip, 28)])

    def test_damaged(self):
        whole = pcap([(1, 0, ipv4(udp()))])
        for data in (b"", b"what", whole[:-1], whole[:30], whole[:20]):
            with self.assertRaises(captures.Damaged):
                self.read(data)

    def test_program_and_comparison(self):
        with tempfile.TemporaryDirectory() as folder:
            capture, first = os.path.join(folder, "a.pcap"), os.path.join(folder, "a.csv")
            with open(capture, "wb") as file:
                file.write(pcap([(1, 0, ipv4(udp())), (1, 5, b"\x00"), (1, 9, ipv4(udp()))])[:-1])
            with open(first, "w") as file:
                run = subprocess.run([sys.executable, os.path.join(HERE, "oracle.py"), capture],
                                     stdout=file, stderr=subprocess.PIPE, check=False)
            self.assertEqual(run.returncode, 2)
            with open(first) as file:
                self.assertEqual(file.read(), "index," + ",".join(flows.NAMES) + ",label\n"
                                 "0,1000,53,17,28,0,1,7168,0,65536,0,0,0,\n")
            outcomes = oracle.examine(capture)
            self.assertEqual([next(outcomes)[1], next(outcomes)[1]], ["classified", "malformed"])
            second = os.path.join(folder, "b.csv")
            with open(first) as a, open(second, "w") as b:
                b.write(a.read().replace(",28,", ",29,").replace(",\n", ",benign\n"))
            self.assertEqual(compare.difference(first, first), (None, 1))
            self.assertIn("packet 0): length 28 != 29", compare.difference(first, second)[0])


if __name__ == "__main__":
    unittest.main()
