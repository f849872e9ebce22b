#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""afxdp-features and its labels."""

import collections
import csv
import os
import re
import sys
import unittest

import programs
from programs import MIXED, ethernet_udp, pcap, run


def labels_of(text):
    return [(int(row["index"]), row["label"]) for row in csv.DictReader(text.splitlines())]


class Features(programs.Test):
    def setUp(self):
        super().setUp()
        packets = [(10**18 + i, ethernet_udp(i, sport=1000 + i)) for i in range(4)]
        packets.insert(2, (10**18, bytes(60)))  # not IP: has an index, but no row
        self.capture = self.write("x.pcap", pcap(packets))

    def labelled(self, *arguments, **options):
        done = run("afxdp-features", self.capture, *arguments, **options)
        self.assertEqual(done.returncode, 0)
        if done.stderr:  # what didn't join is said
            self.assert_one_line(done, 0, "packets have no row")
        return labels_of(done.stdout.decode())

    def test_rows(self):
        done = run("afxdp-features", self.capture)
        self.assertEqual(done.stdout.decode().splitlines()[:2], [
            "index,sport,dport,protocol,length,interval,direction,mean_length,mean_interval,"
            "mean_direction,dev_length,dev_interval,dev_direction,label",
            "0,1000,53,17,28,0,1,7168,0,65536,0,0,0,"])
        self.assertEqual(labels_of(done.stdout.decode()), [(0, ""), (1, ""), (3, ""), (4, "")])

    def test_label(self):
        self.assertEqual(self.labelled("--label", "x y"),
                         [(0, "x y"), (1, "x y"), (3, "x y"), (4, "x y")])

    def test_by_packet(self):
        path = self.write("l.csv", b"index,label\n3,b\n0,a\n2,c\n99,d\n")
        self.assertEqual(self.labelled("--labels", path), [(0, "a"), (3, "b")])
        self.assertEqual(self.labelled("--labels", path, "--unlabelled", "z"),
                         [(0, "a"), (1, "z"), (3, "b"), (4, "z")])
        with open(path, "rb") as file:
            self.assertEqual(self.labelled("--labels", "-", stdin=file), [(0, "a"), (3, "b")])

    def test_by_flow(self):
        path = self.write("l.csv", b"source,destination,source_port,label\n"
                                   b"10.128.0.1,10.0.0.1,53,one\n10.0.0.3,,,three\n")
        self.assertEqual(self.labelled("--labels", path), [(1, "one"), (4, "three")])

    def test_flows(self):
        """A flow's number and the packet's in it, through time-outs and rows left out."""
        second = 10**9
        packets = [(0, 1), (1, 2), (1, 1), (2, 1), (125, 1), (125, 2), (126, 2), (127, 3)]
        capture = self.write("flows.pcap", pcap(
            [(10**18 + t * second, ethernet_udp(host)) for t, host in packets]))
        header, *rows = run("afxdp-features", capture, "--flows").stdout.decode().splitlines()
        self.assertEqual(header.split(",")[13:], ["label", "flow", "packet"])
        self.assertEqual([row.split(",")[14:] for row in rows], [
            ["0", "1"], ["1", "1"], ["0", "2"], ["0", "3"], ["2", "1"], ["3", "1"], ["3", "2"],
            ["4", "1"]])
        rows = run("afxdp-features", capture, "--flows", "--flow-timeout", "1000").stdout.decode()
        self.assertEqual([row.split(",")[14:] for row in rows.splitlines()[4:]], [
            ["0", "3"], ["0", "4"], ["1", "2"], ["1", "3"], ["2", "1"]])
        labels = self.write("l.csv", b"index,label\n2,a\n6,b\n7,a\n")
        rows = run("afxdp-features", capture, "--flows", "--labels", labels).stdout.decode()
        self.assertEqual([row.split(",")[13:] for row in rows.splitlines()[1:]], [
            ["a", "0", "2"], ["b", "3", "2"], ["a", "4", "1"]])

    def test_bad_labels_write_nothing(self):
        for text, part in ((b"", "is empty"), (b"index\n", "'label' is missing"),
                           (b"index,label\n0,a\nzero,a\n", "line 3"),
                           (b"source,label\n10.0.0.256,a\n", "line 2: column 'source'"),
                           (b"\x7fELF\2\1\1\0\0", "NUL")):
            output = self.write("out.csv", b"precious")
            path = self.write("l.csv", text)
            done = run("afxdp-features", self.capture, "--labels", path, "-o", output)
            self.assert_one_line(done, 2, path, part)
            self.assertEqual(self.read("out.csv"), "precious")
        self.assert_one_line(run("afxdp-features", self.capture, "--labels", "/nonexistent"), 2,
                             "/nonexistent", "No such file")

    def test_the_shipped_capture(self):
        """The labels of the recording join as its README says."""
        table = MIXED.replace(".pcap", ".labels.csv")
        done = run("afxdp-features", MIXED, "--labels", table)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        found = collections.Counter(label for _, label in labels_of(done.stdout.decode()))
        with open(os.path.join(os.path.dirname(MIXED), "README.md"), encoding="utf-8") as file:
            rows = re.findall(r"^\| (\w+) \| ([\d,]+) \| [\d,]+ \|$", file.read(), re.MULTILINE)
        self.assertGreater(len(rows), 2)
        self.assertEqual(found, {name: int(count.replace(",", "")) for name, count in rows})

    def test_flows_change_nothing_else(self):
        """Bursts of one packet give the same rows, and the README's number of flows."""
        table = MIXED.replace(".pcap", ".labels.csv")
        plain = run("afxdp-features", MIXED, "--labels", table).stdout.decode().splitlines()
        more = run("afxdp-features", MIXED, "--labels", table, "--flows").stdout.decode().splitlines()
        self.assertEqual([row.rsplit(",", 2)[0] for row in more], plain)
        with open(os.path.join(os.path.dirname(MIXED), "README.md"), encoding="utf-8") as file:
            flows = re.findall(r"^\| \w+ \| [\d,]+ \| ([\d,]+) \|$", file.read(), re.MULTILINE)
        self.assertEqual(len({row.split(",")[14] for row in more[1:]}), sum(map(int, flows)))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
