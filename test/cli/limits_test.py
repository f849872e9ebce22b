#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""limit:N on a capture: packet by packet as a count by class, destination and second says, which
knows nothing of the engine's but the classes it gave without limits."""

import collections
import struct
import sys
import unittest

import programs
from programs import MIXED, engine, report


def packets(path):
    """(second, destination) of each packet of a little-endian pcap file of Ethernet."""
    with open(path, "rb") as file:
        data = file.read()
    at = 24
    while at < len(data):
        second, _, length = struct.unpack_from("<III", data, at)
        frame = data[at + 16:at + 16 + length]
        while frame[12:14] in (b"\x81\x00", b"\x88\xa8"):
            frame = frame[:12] + frame[16:]
        yield second, frame[38:54] if frame[12:14] == b"\x86\xdd" else frame[30:34]
        at += 16 + length


class Limits(programs.Test):
    LIMITS = {"flood": 5, "benign": 40, "amplification": 1}

    def rows(self, name, *options):
        done = report(engine("--pcap", MIXED, "--json", "--verdicts", self.path(name), *options,
                             model="nn.q8"))
        return [line.split(",") for line in self.read(name).splitlines()[1:]], done

    def test_as_a_count_says(self):
        plain, before = self.rows("plain.csv")
        limited, after = self.rows("limited.csv", *(word for name, most in self.LIMITS.items()
                                                    for word in ("--action", f"{name}=limit:{most}")))
        taken, beyond = collections.Counter(), 0
        for (number, name, confidence, action, *rest), (second, destination), row in zip(
                plain, packets(MIXED), limited, strict=True):
            if name in self.LIMITS:
                taken[name, destination, second] += 1
                action = "count" if taken[name, destination, second] <= self.LIMITS[name] else "limit"
                beyond += action == "limit"
            self.assertEqual(row, [number, name, confidence, action, *rest])
        self.assertGreater(beyond, 1000)
        self.assertEqual(after["classes"], before["classes"])
        self.assertEqual(after["endings"]["limited"], beyond)
        self.assertEqual(after["actions"]["limit"], beyond)
        self.assertEqual(after["endings"]["dropped"], 0)

    def test_refused(self):
        for text, why in (("flood=limit:0", "no action"), ("flood=limit:1048576", "no action"),
                          ("flood=limit:10s", "no action"), ("flood=limit", "no action"),
                          ("other=limit:5", "no destination"),
                          ("malformed=limit:5", "no destination")):
            self.assert_one_line(engine("--pcap", MIXED, "--action", text, model="nn.q8"), 2, why)

    def test_shown(self):
        shown = engine("--pcap", MIXED, "--action", "flood=limit:5", model="nn.q8").stdout.decode()
        self.assertRegex(shown, r"flood +\d+ +\S+ % +limit:5")
        self.assertRegex(shown, r"limited +\d+")
        self.assertNotIn("nothing is dropped", shown)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
