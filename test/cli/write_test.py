#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""--write over captures: the packets that are meant, byte for byte, as tshark reads them."""

import collections
import csv
import json
import os
import struct
import subprocess
import sys
import unittest

import programs
from programs import MIXED, engine, pcap, report

SECTION, INTERFACE, PACKET = 0x0A0D0D0A, 1, 6
Packet = collections.namedtuple("Packet", "comment time length data link")


def tshark(path, *fields, data=None):
    """The fields of each packet."""
    options = [word for field in fields for word in ("-e", field)]
    done = subprocess.run(["tshark", "-n", "-r", path, "-T", "fields", *options], input=data,
                          capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return [line.split("\t") for line in done.stdout.decode().splitlines()]


def text_of(options, wanted):
    while len(options) >= 4:
        code, length = struct.unpack_from("<HH", options)
        if code == wanted:
            return options[4:4 + length].decode()
        options = options[4 + (length + 3) // 4 * 4:]
    return None


def packets(path):
    """What is in a pcapng file, which tshark takes a second for."""
    found, links = [], []
    with open(path, "rb") as file:
        data = file.read()
    while data:
        kind, length = struct.unpack_from("<II", data)
        body, last = data[8:length - 4], struct.unpack_from("<I", data, length - 4)[0]
        assert last == length, (last, length)
        if kind == INTERFACE:
            links.append(struct.unpack_from("<H", body)[0])
        elif kind == PACKET:
            number, high, low, captured, wire = struct.unpack_from("<IIIII", body)
            time = high << 32 | low
            found.append(Packet(text_of(body[20 + (captured + 3) // 4 * 4:], 1),
                                f"{time // 10**9}.{time % 10**9:09}", wire,
                                body[20:20 + captured], links[number]))
        data = data[length:]
    return found


def comment(row, flow_id=""):
    """What a packet's comment says, by its row of --verdicts."""
    return f"class={row['class']}" + \
        (f" confidence={row['confidence']}" if row["confidence"] else "") + \
        f" action={row['action']}" + flow_id


class Write(programs.Test):
    @staticmethod
    def frames():
        with open(MIXED, "rb") as file:
            data = file.read()[24:]
        while data:
            length = struct.unpack_from("<I", data, 8)[0]
            yield data[16:16 + length]
            data = data[16 + length:]

    def run_with(self, *options, capture=MIXED, model="dt.q8", status=0):
        """The report's `written`, and the rows of --verdicts."""
        done = engine("-r", capture, "--json", "--write", self.path("w.pcapng"), "--verdicts",
                      self.path("v.csv"), *options, model=model)
        self.assertEqual(done.returncode, status, done.stderr)
        written = report(done)["written"]
        self.assertEqual(written["matched"],
                         written["written"] + written["lost"] + written["beyond"])
        self.assertEqual(written["lost"], 0)
        return written, list(csv.DictReader(self.read("v.csv").splitlines()))

    def as_pcap(self, name):
        """Times, lengths and bytes, as pcap: what a converter makes of both kinds of file alike."""
        out = self.path("out.pcap")
        subprocess.run(["editcap", "-F", "nsecpcap", name, out], check=True, timeout=60,
                       capture_output=True)
        with open(out, "rb") as file:
            return file.read()[24:]

    def test_every_packet_as_it_was(self):
        written, rows = self.run_with("--eve", self.path("eve.json"))
        self.assertEqual(written["written"], 7472)
        self.assertEqual(self.as_pcap(self.path("w.pcapng")), self.as_pcap(MIXED))
        with open(self.path("eve.json"), encoding="ascii") as file:
            flows = {event["flow_id"]: (event["src_ip"], event["dest_ip"])
                     for event in map(json.loads, file) if event["event_type"] == "flow"}
        seen = set()
        by_tshark = tshark(self.path("w.pcapng"), "frame.comment", "frame.time_epoch")
        self.assertEqual(by_tshark,
                         [[each.comment, each.time] for each in packets(self.path("w.pcapng"))])
        for row, (said, time) in zip(rows, by_tshark, strict=True):
            self.assertEqual(time, row["time"])
            said, _, number = said.partition(" flow_id=")
            self.assertEqual(said, comment(row))
            self.assertEqual(bool(number), bool(row["confidence"]))
            if number:
                self.assertEqual({row["src_ip"], row["dest_ip"]}, set(flows[int(number)]))
                seen.add(int(number))
        self.assertEqual(seen, set(flows))

    def test_flows_that_end_and_begin_again(self):
        for options in (("--flow-timeout", "1"), ("--flows", "64")):
            self.run_with("--eve", self.path("eve.json"), *options)
            with open(self.path("eve.json"), encoding="ascii") as file:
                flows = {event["flow_id"] for event in map(json.loads, file)
                         if event["event_type"] == "flow"}
            os.unlink(self.path("eve.json"))
            said = {int(each.comment.partition("flow_id=")[2])
                    for each in packets(self.path("w.pcapng")) if "flow_id" in each.comment}
            self.assertEqual(said, flows)

    def test_only_what_is_meant(self):
        drop = ("--action", "flood=drop", "--action", "portscan=drop")
        for rule, meant in (
                ("class=flood,action=drop", lambda row: row["class"] == "flood"),
                ("class=flood,class=other", lambda row: row["class"] in ("flood", "other")),
                ("action=drop", lambda row: row["class"] in ("flood", "portscan")),
                ("action=forward,class=flood", lambda row: False)):
            written, rows = self.run_with("--write-if", rule, *drop)
            wanted = [comment(row) for row in rows if meant(row)]
            self.assertEqual(written["matched"], len(wanted))
            self.assertEqual([each.comment.partition(" flow_id")[0]
                              for each in packets(self.path("w.pcapng"))], wanted)

    def test_snaplen(self):
        self.run_with("--write-snaplen", "54")
        for each, data in zip(packets(self.path("w.pcapng")), self.frames(), strict=True):
            self.assertEqual((each.length, each.data), (len(data), data[:54]))

    def test_one_file_that_is_full(self):
        written, rows = self.run_with("--write-max", "1M")
        self.assertLessEqual(os.path.getsize(self.path("w.pcapng")), 1 << 20)
        self.assertGreater(written["beyond"], 1000)
        times = [each.time for each in packets(self.path("w.pcapng"))]
        self.assertEqual(times, [row["time"] for row in rows[:written["written"]]])

    def test_a_ring_of_files(self):
        """The latest packets, each once; what was there before is gone."""
        for count, names in ((3, ["w.0.pcapng", "w.1.pcapng", "w.2.pcapng"]),
                             (2, ["w.1.pcapng", "w.0.pcapng"])):
            written, rows = self.run_with("--write-max", "1M", "--write-files", str(count))
            self.assertEqual(written["written"], 7472)
            for name in names:
                self.assertLessEqual(os.path.getsize(self.path(name)), 1 << 20)
            times = [each.time for name in names for each in packets(self.path(name))]
            if count == 2:
                self.assertLess(len(times), 7472)
            self.assertEqual(times, [row["time"] for row in rows[-len(times):]])
        self.run_with("--write-max", "1M", "--write-files", "12", "--write-if", "class=other")
        self.assertEqual(tshark(self.path("w.11.pcapng"), "frame.number"), [])
        self.assertFalse(os.path.exists(self.path("w.pcapng")))

    def test_link_types(self):
        """Each has an interface of its own, whose number is the capture's."""
        ip = bytes.fromhex("450000140000000040fd00000a0000010a000002")
        for link, data, number in ((101, ip, 101), (12, ip, 101),
                                   (113, bytes(14) + b"\x08\x00" + ip, 113)):
            capture = self.write("x.pcap", pcap([(10**18 + 5, data)], link=link))
            self.run_with(capture=capture, model="none")
            said, *rest = packets(self.path("w.pcapng"))[0]
            self.assertRegex(said, r"^class=unclassified action=count flow_id=\d+$")
            self.assertEqual(rest, ["1000000000.000000005", len(data), data, number])

    def test_limited(self):
        """What was beyond a limit is an action of its own."""
        written, rows = self.run_with("--write-if", "action=limit", "--action", "flood=limit:5")
        limited = [row["time"] for row in rows if row["action"] == "limit"]
        self.assertGreater(len(limited), 100)
        self.assertEqual([each.time for each in packets(self.path("w.pcapng"))], limited)
        self.assertEqual(written["matched"], len(limited))

    def test_into_a_pipe(self):
        done = engine("-r", MIXED, "--write", "-", "--write-if", "class=flood", model="dt.q8")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"what happened", done.stderr)
        found = tshark("-", "frame.comment", data=done.stdout)
        self.assertGreater(len(found), 500)
        self.assertTrue(all(text.startswith("class=flood ") for (text,) in found))

    def test_full_disk(self):
        done = engine("-r", MIXED, "--json", "--write", "/dev/full")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"/dev/full: No space left on device", done.stderr)
        written = report(done)["written"]
        self.assertEqual((written["written"], written["lost"]), (0, 7472))

    def test_refused(self):
        for options, parts in ((("--write-if", "class=no"), ("no class 'no'", "unsure, other")),
                               (("--write-if", "class=other,"), ("--write-if: ''",)),
                               (("--write-if", "flood"), ("'flood' should be class=CLASS",)),
                               (("--write-if", "action=block:3"), ("no action 'block:3'",)),
                               (("--write-max", "1023K"), ("1M or more",)),
                               (("--write-max", "1T"), ("1M or more",)),
                               (("--write-max", "99999999999G"), ("1M or more",)),
                               (("--write-files", "3"), ("--write-max",)),
                               (("--write-snaplen", "0"), ("--write-snaplen",))):
            done = engine("-r", MIXED, "--write", self.path("x"), *options)
            self.assert_one_line(done, 2, *parts)
            self.assertFalse(os.path.exists(self.path("x")))
        for options, part in ((("--write", "/nowhere/x"), "/nowhere/x"),
                              (("--write-if", "class=other"), "--write"),
                              (("--write", MIXED), "the file of --pcap too"),
                              (("--write", "-", "--json"), "standard output"),
                              (("--write", "-", "--eve", "-"), "standard output"),
                              (("--write", "-", "--write-max", "1M", "--write-files", "2"),
                               "standard output")):
            self.assert_one_line(engine("-r", MIXED, *options), 2, part)
        done = engine("-i", "lo", "--datapath", "kernel", "--write", self.path("x"))
        self.assert_one_line(done, 2, "--write", "--datapath afxdp")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
