#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""afxdp-generate keeps the rate it was asked for, and says so where it can't."""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "xsk"))

import lab

TOLERANCE = 0.03


class Rates(lab.Test):
    def setUp(self):
        super().setUp()
        self.here = self.lab()
        # a veth takes live frames for a peer that runs a program
        self.here.run("eng", "ip", "link", "set", "eng0", "xdp", "obj",
                      os.path.join(lab.BUILD, "engine/attach/pass.bpf.o"), "sec", "xdp")

    def generate(self, *options):
        done = self.here.run("gen", lab.GENERATE, "--iface", "gen0", *options)
        print(" ".join(options), done.stdout, done.stderr, flush=True)
        return json.loads(done.stdout), done.stderr

    def check(self, rate, *how):
        """Half a second's worth, all of it sent, at the rate."""
        count = rate // 2
        for attempt in range(3):  # others may have had the cores
            sent, said = self.generate(*how, "--count", str(count), "--rate", str(rate))
            self.assertEqual(sent["sent"], count)
            self.assertEqual(sent["tx_packets"] + sent["tx_dropped"], count)
            self.assertLessEqual(sent["rate"], rate * (1 + TOLERANCE))
            if sent["rate"] >= rate * (1 - TOLERANCE):
                self.assertEqual(said, "")
                return
            self.assertIn(f"{sent['rate']} frames a second instead of {rate}", said)
        self.fail(f"{sent['rate']} frames a second instead of {rate}, three times")

    def test_live(self):
        for rate in (20, 1000, 20000, 200000):
            with self.subTest(rate=rate):
                self.check(rate, "--live")

    def test_raw(self):
        for rate in (20, 20000):
            with self.subTest(rate=rate):
                self.check(rate)

    def test_more_than_the_machine_has(self):
        """It sends what it can, and says how much that is."""
        for how in (("--live",), ()):
            sent, said = self.generate(*how, "--count", "200000", "--rate", "1000000000")
            self.assertEqual(sent["sent"], 200000)
            self.assertIn(f"{sent['rate']} frames a second instead of 1000000000", said)
            self.assertGreater(sent["rate"], 10000)

    def test_nobody_takes_them(self):
        self.here.run("eng", "ip", "link", "set", "eng0", "xdp", "off")
        sent, said = self.generate("--live", "--count", "1000")
        self.assertEqual(sent["tx_packets"], 0)
        self.assertIn("gen0 has counted none of the frames", said)


if __name__ == "__main__":
    lab.main()
