#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""afxdp-generate keeps the rate it was asked for, or a capture's own times, and says so where it
can't; its two senders send the same."""

import json
import os
import socket
import struct
import subprocess
import sys
import time

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

    def taken(self, *options):
        """The frames that come out of the other end, and when."""
        def open_socket():
            made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
            made.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # SO_RCVBUFFORCE
            made.bind(("eng0", 0))
            made.settimeout(0.2)
            return made

        with lab.inside(self.here.namespace("eng"), open_socket) as taker:
            self.generate(*options)
            frames = []
            while True:
                try:
                    frames.append(taker.recv(2048))
                except TimeoutError:
                    return frames

    def test_both_senders_send_the_same(self):
        for mixture in (("--order", "uniform"), ("--order", "zipf", "--flows", "50"),
                        ("--syn-flood", "40"), ("--order", "zipf", "--syn-flood", "5", "--both-ways")):
            with self.subTest(mixture=mixture):
                kinds = [self.taken("--count", "2000", *mixture, *how) for how in (("--live",), ())]
                self.assertEqual(len(kinds[0]), 2000)
                self.assertEqual(*kinds)

    def test_stamps(self):
        for how in (("--live",), ()):
            before = time.monotonic_ns()
            frames = self.taken("--count", "50", "--rate", "1000", "--stamps", *how)
            stamps = [struct.unpack_from("=Q", frame, 50)[0] for frame in frames]
            self.assertEqual(len(stamps), 50)
            self.assertEqual(stamps, sorted(stamps))
            self.assertGreater(stamps[0], before)
            self.assertLess(stamps[-1], time.monotonic_ns())
            self.assertGreater(stamps[-1] - stamps[0], 0.03e9)

    def test_own_times(self):
        frame = bytes(12) + b"\x08\x00" + bytes(46)
        times = (5.0, 5.0, 5.1, 5.05, 5.3)  # one comes out of order: at once
        with open(self.path("slow.pcap"), "wb") as file:
            file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
            for at in times:
                file.write(struct.pack("<IIII", int(at), round(at % 1 * 1e6), 60, 60) + frame)
        for how, least, most in ((("--own-times",), 0.29, 1), ((), 0, 0.2)):
            sent, _ = self.generate("--pcap", self.path("slow.pcap"), *how)
            self.assertEqual(sent["sent"], len(times))
            self.assertGreaterEqual(sent["seconds"], least)
            self.assertLess(sent["seconds"], most)

    def test_nobody_takes_them(self):
        self.here.run("eng", "ip", "link", "set", "eng0", "xdp", "off")
        sent, said = self.generate("--live", "--count", "1000")
        self.assertEqual(sent["tx_packets"], 0)
        self.assertIn("gen0 has counted none of the frames", said)


if __name__ == "__main__":
    lab.main()
