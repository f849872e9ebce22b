#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""--allow and --deny on a capture: what they name is in their own counters and in no other, and what
is left is judged as if the rest had never been there."""

import collections
import ipaddress
import struct
import sys
import unittest

import programs
from programs import MIXED, engine, report


def records():
    """Of a little-endian pcap file: header, then (record, source, destination), addresses None
    where there are none."""
    with open(MIXED, "rb") as file:
        data = file.read()
    yield data[:24], None, None
    at = 24
    while at < len(data):
        length = struct.unpack_from("<I", data, at + 8)[0]
        frame = data[at + 16:at + 16 + length]
        ends = (None, None)
        while frame[12:14] in (b"\x81\x00", b"\x88\xa8"):
            frame = frame[:12] + frame[16:]
        if frame[12:14] == b"\x08\x00" and len(frame) >= 34:
            ends = ipaddress.ip_address(frame[26:30]), ipaddress.ip_address(frame[30:34])
        elif frame[12:14] == b"\x86\xdd" and len(frame) >= 54:
            ends = ipaddress.ip_address(frame[22:38]), ipaddress.ip_address(frame[38:54])
        yield data[at:at + 16 + length], *ends
        at += 16 + length


class Lists(programs.Test):
    ALLOW = ("198.18.33.0/24", "2001:db8:1::/112")
    DENY = ("198.18.0.0/18", "2001:db8:1::/48", "::1")

    def sort(self, ends):
        for name, prefixes in (("allowed", self.ALLOW), ("denied", self.DENY)):
            if any(end in ipaddress.ip_network(prefix) for prefix in prefixes for end in ends if end):
                return name
        return "left"

    def test_as_ipaddress_says(self):
        counts, left = collections.Counter(), b""
        for number, (record, *ends) in enumerate(records()):
            what = self.sort(ends) if number else "left"
            counts[what] += number > 0
            left += record if what == "left" else b""
        self.assertGreater(min(counts.values()), 50)
        lists = ("--deny", ",".join(self.DENY), "--allow", self.ALLOW[0], "--allow", self.ALLOW[1])
        whole = report(engine("--pcap", MIXED, "--json", *lists, "--verdicts",
                              self.path("whole.csv"), model="nn.q8"))
        rest = report(engine("--pcap", self.write("left.pcap", left), "--json", "--verdicts",
                             self.path("rest.csv"), model="nn.q8"))
        self.assertEqual({name: whole[name] for name in ("allowed", "denied")},
                         {name: counts[name] for name in ("allowed", "denied")})
        self.assertEqual(whole["packets"], counts["left"])
        self.assertEqual(whole["classes"], rest["classes"])
        self.assertEqual(self.read("whole.csv"), self.read("rest.csv"))
        shown = engine("--pcap", MIXED, *lists, model="nn.q8").stderr.decode()
        self.assertIn("packets allowed, ", shown)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
