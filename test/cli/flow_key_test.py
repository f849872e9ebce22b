#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Flows of several interfaces in one capture: with --flow-key interface each has the features that
it would have, had its interface been recorded alone.

    flow_key_test.py [SEED]
"""

import csv
import io
import random
import struct
import sys
import unittest

import programs
from programs import block, engine, ethernet_udp, pcap, report, run

SEED = 15  # hosts may share a cell: not every one will do for feature set 2
PACKETS = 400
ETHERNET, COOKED = 1, 276
# Distinct values are counted by hash: another interface's may fall together otherwise.
ESTIMATES = ("index", "initiator_peers", "initiator_ports", "pair_ports", "responder_sources")


def cooked(frame, number):
    """The packet of an Ethernet frame as `tcpdump -i any` has it, seen on Linux's interface."""
    return struct.pack(">HHIHBB8x", 0x0800, 0, number, 1, 0, 6) + frame[14:]


def several(packets, links):
    """A pcapng file; packets: (time, interface, bytes)."""
    out = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    for link in links:
        out += block(1, struct.pack("<HHI", link, 0, 262144) + struct.pack("<HHB3xHH", 9, 1, 9, 0, 0))
    for time, number, data in packets:
        out += block(6, struct.pack("<IIIII", number, time >> 32, time & 0xFFFFFFFF, len(data),
                                    len(data)) + data)
    return out


class FlowKey(programs.Test):
    def rows(self, data, *arguments):
        done = run("afxdp-features", self.write("capture", data), *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return [[value for name, value in row.items() if name not in ESTIMATES]
                for row in csv.DictReader(io.StringIO(done.stdout.decode()))]

    def packets(self, interfaces):
        """The same few flows on every interface, in the order of time."""
        rng = random.Random(SEED)
        return [(10**18 + i * 1000003, rng.randrange(interfaces),
                 ethernet_udp(rng.randrange(4), size=rng.randrange(200))) for i in range(PACKETS)]

    def compare(self, whole, packets, interfaces, *arguments):
        """`whole` has what each interface's packets have in a capture of their own."""
        alone = [iter(self.rows(pcap([(t, data) for t, number, data in packets if number == i]),
                                *arguments)) for i in range(interfaces)]
        expected = [next(alone[number]) for _, number, _ in packets]
        apart = self.rows(whole, *arguments, "--flow-key", "interface")
        self.assertEqual(apart, expected, f"seed {SEED}")
        merged = self.rows(pcap([(t, data) for t, _, data in packets]), *arguments)
        self.assertEqual(self.rows(whole, *arguments), merged, f"seed {SEED}")
        self.assertNotEqual(apart, merged)

    def test_pcapng(self):
        packets = self.packets(3)
        whole = several([(t, number, cooked(data, 1) if number == 1 else data)
                         for t, number, data in packets], (ETHERNET, COOKED, ETHERNET))
        for features in ("1", "2"):
            self.compare(whole, packets, 3, "--set", features)

    def test_any(self):
        """One capture of all interfaces, whose packets say which they were seen on."""
        packets = self.packets(2)
        whole = pcap([(t, cooked(data, 2 + number)) for t, number, data in packets], link=COOKED)
        self.compare(whole, packets, 2)

    def test_flows(self):
        path = self.write("c", several(self.packets(3), (ETHERNET,) * 3))
        for key, flows in (("tunnel", 4), ("interface", 12), ("tunnel,vlan,interface", 12)):
            result = report(engine("--pcap", path, "--json", "--flow-key", key))
            self.assertEqual((result["packets"], result["flows"]), (PACKETS, flows))

    def test_of_a_wire(self):
        """The two directions of a flow come in on the two ports of a bridge."""
        for datapath in ("afxdp", "kernel"):
            wire = ("--datapath", datapath, "--iface", "a", "--flow-key", "interface", "--check")
            self.assert_one_line(engine(*wire, "--bridge", "b"), 2, "--flow-key", "two flows")
            self.assertEqual(engine(*wire).returncode, 0)
        self.assert_one_line(engine("--pcap", "x", "--flow-key", "port"), 2, "tunnel, vlan, interface")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        SEED = int(sys.argv.pop())
    unittest.main()
