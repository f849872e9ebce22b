#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A model written by hand through afxdp-engine: verdicts, confidence, actions, and damage."""

import csv
import random
import struct
import sys
import unittest

import programs
import q8
from programs import engine, ethernet_udp, pcap, report, run


def tcp(dport):
    frame = bytearray(ethernet_udp(1, size=12))
    frame[23] = 6
    frame[36:38] = struct.pack(">H", dport)
    return bytes(frame)


def udp(dport):
    frame = bytearray(ethernet_udp(2))
    frame[36:38] = struct.pack(">H", dport)
    return bytes(frame)


HEADER = "index,class,confidence,action,queue,time,src_ip,src_port,dest_ip,dest_port,proto"
# low 240, high 150, a tie: low 0, not IP, cut
PACKETS = [udp(53), tcp(2000), udp(2000), bytes(60), udp(53)[:20]]


class Verdicts(programs.Test):
    def setUp(self):
        super().setUp()
        self.capture = self.write("x.pcap", pcap([(10**18, packet) for packet in PACKETS]))
        self.model = self.write("tree.q8", q8.tree())

    def classify(self, *arguments):
        """The report, and class, confidence and action of each packet."""
        done = engine("-r", self.capture, "--json", "--verdicts", self.path("v.csv"), *arguments,
                      model=self.model)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        rows = [line.split(",") for line in self.read("v.csv").splitlines()]
        self.assertEqual(rows[0], HEADER.split(","))
        self.assertEqual([row[0] for row in rows[1:]], ["0", "1", "2", "3", "4"])
        return report(done), [tuple(row[1:4]) for row in rows[1:]]

    def test_ends_and_times(self):
        """Of each packet, in its own direction; what has no ports, or no addresses, has none."""
        source, destination = bytes(range(16)), bytes(15) + b"\x01"
        icmp = struct.pack(">IHBB", 6 << 28, 8, 58, 64) + source + destination + bytes(8)
        packets = [(10**18 + 7, udp(53)), (10**18 - 1, bytes(12) + b"\x86\xdd" + icmp),
                   (2 * 10**18, bytes(60)), (123456789, udp(53)[:20])]
        capture = self.write("ends.pcap", pcap(packets))
        done = engine("-r", capture, "--verdicts", "-", model=self.model)
        rows = list(csv.reader(done.stdout.decode().splitlines()))
        self.assertEqual([row[4:] for row in rows], [
            HEADER.split(",")[4:],
            ["0", "1000000000.000000007", "10.0.0.2", "1000", "10.128.0.1", "53", "UDP"],
            ["0", "999999999.999999999", "1:203:405:607:809:a0b:c0d:e0f", "", "::1", "",
             "IPv6-ICMP"],
            ["0", "2000000000.000000000", "", "", "", "", ""],
            ["0", "0.123456789", "", "", "", "", ""]])

    def test_hosts(self):
        """A tree of feature set 2 judges by the numbers that afxdp-features writes."""
        self.model, features = self.write("hosts.q8", q8.tree(version=2)), self.path("f.csv")
        for hosts in ((), ("--hosts", "65536:1"), ("--hosts", "1024:2")):
            done = engine("-r", programs.MIXED, "--json", "--verdicts", self.path("v.csv"),
                          *hosts, model=self.model)
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            self.assertEqual(report(done)["hosts_left_out"], 0)
            run("afxdp-features", programs.MIXED, "--set", "2", *hosts, "-o", features)
            wanted = {row["index"]: ("low", "240") if int(row["dport"]) <= 1000
                      else ("high", "150") if int(row["service_failed"]) <= 6 else ("low", "0")
                      for row in csv.DictReader(self.read("f.csv").splitlines())}
            found = {row["index"]: (row["class"], row["confidence"])
                     for row in csv.DictReader(self.read("v.csv").splitlines())
                     if row["confidence"]}
            self.assertEqual(found, wanted)
            self.assertEqual(len(set(found.values())), 3)

    def test_hosts_of_no_use(self):
        for hosts in ("1000", "65536:3", "65536:", "x", "4194305", ""):
            done = engine("-r", self.capture, "--hosts", hosts)
            self.assertEqual(done.returncode, 2, hosts)
            self.assertIn(b"--hosts", done.stderr)

    def test_defaults(self):
        result, rows = self.classify()
        self.assertEqual(rows, [("low", "240", "count"), ("high", "150", "drop"),
                                ("low", "0", "count"), ("other", "", "forward"),
                                ("malformed", "", "count")])
        self.assertEqual(result["classes"], {"low": 2, "high": 1})
        self.assertEqual((result["other"], result["malformed"]), (1, 1))
        self.assertEqual(result["actions"], {"count": 3, "forward": 1, "drop": 1, "limit": 0})
        self.assertEqual((result["endings"]["dropped"], result["endings"]["consumed"]), (1, 4))
        with open(self.model, "rb") as file:
            checksum = struct.unpack("<I", file.read()[-4:])[0]
        self.assertEqual({key: result["model"][key] for key in ("path", "kind", "checksum")},
                         {"path": self.model, "kind": "dt", "checksum": f"{checksum:08x}"})

    def test_min_confidence(self):
        for least, classes in ((1, ["low", "high", "unsure"]), (150, ["low", "high", "unsure"]),
                               (151, ["low", "unsure", "unsure"]),
                               (1000, ["unsure", "unsure", "unsure"])):
            result, rows = self.classify("--min-confidence", str(least), "--action", "unsure=drop")
            self.assertEqual([row[0] for row in rows[:3]], classes)
            self.assertEqual([row[1] for row in rows[:3]], ["240", "150", "0"])
            self.assertEqual(result["classes"]["unsure"], classes.count("unsure"))
            for row in rows[:3]:
                self.assertEqual(row[2], "count" if row[0] == "low" else "drop")

    def test_actions_override_the_models(self):
        result, rows = self.classify("--action", "high=count", "--action", "low=drop", "--action",
                                     "malformed=drop", "--action", "other=drop")
        self.assertEqual([row[2] for row in rows], ["drop", "count", "drop", "drop", "drop"])
        self.assertEqual(result["endings"]["dropped"], 4)
        done = engine("-r", self.capture, "--action", "lwo=drop", model=self.model)
        self.assert_one_line(done, 2, "'lwo'", "low, high, unsure, other, malformed")

    def test_the_table_names_what_there_is(self):
        done = engine("-r", self.capture, model=self.model)
        self.assertEqual(done.returncode, 0)
        for part in ("low", "high", "other", "malformed", "dropped", "consumed", "tree.q8"):
            self.assertIn(part, done.stdout.decode())

    def test_damage(self):
        """Every bit that flips is noticed; with a checksum that fits, nothing worse than a refusal."""
        seed = random.randrange(2**32)
        print(f"seed {seed}")
        rng = random.Random(seed)
        whole = q8.tree()
        for _ in range(60):
            damaged = bytearray(whole)
            damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
            path = self.write("damaged.q8", bytes(damaged))
            self.assert_one_line(engine("-r", self.capture, "--json", model=path), 2, path)
            path = self.write("hostile.q8", q8.with_checksum(bytes(damaged[:-4])))
            done = engine("-r", self.capture, "--json", model=path)
            if done.returncode:
                self.assert_one_line(done, 2, path)
            else:
                self.assertEqual(report(done)["packets"], 5)
        for size in range(0, len(whole), 23):
            path = self.write("short.q8", whole[:size])
            self.assert_one_line(engine("-r", self.capture, model=path), 2, path)
        path = self.write("long.q8", whole + b"\0")
        self.assert_one_line(engine("-r", self.capture, model=path), 2, path)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
