#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Captures of every form, whole and broken, through afxdp-engine --pcap."""

import json
import os
import signal
import subprocess
import sys
import unittest

import programs
from programs import engine, ethernet_udp, pcap, pcapng, report

TEN = [(10**18 + 1000 * i, ethernet_udp(i % 3)) for i in range(10)]


class Whole(programs.Test):
    def test_every_format_gives_the_same(self):
        """pcap in both byte orders and resolutions, pcapng; as a file and on standard input."""
        forms = [pcap(TEN), pcap(TEN, order=">"), pcap(TEN, nanoseconds=False), pcapng(TEN)]
        results = set()
        for form in forms:
            for arguments, options in (((self.write("x", form),), {}), (("-",), {"input": form})):
                done = programs.run("afxdp-features", *arguments, **options)
                self.assertEqual((done.returncode, done.stderr), (0, b""))
                results.add(done.stdout)
        self.assertEqual(len(results), 1)
        self.assertEqual(len(results.pop().splitlines()), 11)

    def test_no_packets(self):
        for form in (pcap([]), pcapng([])):
            done = engine("--pcap", self.write("x", form), "--json")
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            self.assertEqual(report(done)["packets"], 0)

    def test_the_report(self):
        path = self.write("x", pcap(TEN + [(10**18, b"\0" * 60), (10**18, ethernet_udp(1)[:30])]))
        result = report(engine("--pcap", path, "--json"))
        for name in ("schema", "version", "datapath", "seconds", "packets", "bytes", "flows",
                     "evictions", "classes", "other", "malformed", "actions", "endings", "model",
                     "error"):
            self.assertIn(name, result)
        self.assertEqual(result["schema"], 1)
        self.assertEqual(result["datapath"], "pcap")
        self.assertEqual(result["classes"], {"unclassified": 10})
        self.assertEqual((result["other"], result["malformed"], result["flows"]), (1, 1, 3))
        self.assertEqual(result["bytes"], 10 * 42 + 60 + 30)
        self.assertEqual(result["actions"], {"count": 11, "forward": 1, "drop": 0, "limit": 0})
        self.assertEqual(result["endings"]["consumed"], 12)
        self.assertIsNone(result["error"])

    def test_actions_and_verdicts(self):
        path = self.write("x", pcap(TEN[:2] + [(10**18, b"\0" * 60)]))
        done = engine("-r", path, "--json", "--verdicts", self.path("v.csv"), "--action",
                      "unclassified=drop", "--action", "other=count")
        result = report(done)
        self.assertEqual(result["actions"], {"count": 1, "forward": 0, "drop": 2, "limit": 0})
        self.assertEqual((result["endings"]["dropped"], result["endings"]["consumed"]), (2, 1))
        self.assertEqual([line.split(",")[:4] for line in self.read("v.csv").splitlines()],
                         [["index", "class", "confidence", "action"],
                          ["0", "unclassified", "", "drop"], ["1", "unclassified", "", "drop"],
                          ["2", "other", "", "count"]])
        done = engine("-r", path, "--verdicts", "-")
        self.assertEqual(len(done.stdout.splitlines()), 4)
        self.assertIn(b"what happened", done.stderr)  # the table, out of the verdicts' way

    def test_large_packets(self):
        """More bytes in a burst than the reader holds at once."""
        large = [(10**18, ethernet_udp(i % 5, size=200000)) for i in range(70)]
        for form in (pcap(large), pcapng(large)):
            result = report(engine("-r", self.write("x", form), "--json"))
            self.assertEqual((result["packets"], result["flows"]), (70, 5))
            self.assertEqual(result["bytes"], 70 * 200042)

    def test_eviction(self):
        many = [(10**18 + i, ethernet_udp(i)) for i in range(100)]
        result = report(engine("-r", self.write("x", pcap(many)), "--json", "--flows", "8"))
        self.assertEqual((result["flows"], result["evictions"]), (100, 92))

    def test_timeout(self):
        late = [(10**18 + i * 5 * 10**9, ethernet_udp(1)) for i in range(4)]
        path = self.write("x", pcap(late))
        for timeout, flows in (("5", 1), ("4", 4)):
            result = report(engine("-r", path, "--json", "--flow-timeout", timeout))
            self.assertEqual(result["flows"], flows)

    def test_interrupt(self):
        """A signal ends the run and still prints what there was."""
        with subprocess.Popen([os.path.join(programs.BIN, "afxdp-engine"), "-r", "-", "-m", "none",
                               "--json"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            process.stdin.write(pcap(TEN * 1000))  # more than a pipe holds: it is reading
            process.stdin.flush()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        self.assertEqual((process.returncode, err), (0, b""))
        self.assertIn(b'"packets": ', out)


class Names(programs.Test):
    """File names are bytes; JSON is UTF-8 and lacks nothing."""

    FEATURES = (b"index,sport,dport,protocol,length,interval,direction,mean_length,mean_interval,"
                b"mean_direction,dev_length,dev_interval,dev_direction,label\n"
                b"0,1,2,6,40,0,1,10240,0,65536,0,0,0,benign\n")

    def check(self, name, shown):
        folder = os.fsencode(self.folder)
        stem = os.path.join(folder, name)
        with open(stem, "wb") as file:
            file.write(pcap(TEN))
        with open(os.path.join(programs.ROOT, "models", "dt1.q8"), "rb") as model, \
                open(stem + b".q8", "wb") as copy:
            copy.write(model.read())
        shown = os.path.join(self.folder, shown)
        done = engine("-r", os.fsdecode(stem), "--json", model=os.fsdecode(stem) + ".q8")
        result = report(done)
        self.assertEqual((done.returncode, result["source"]), (0, shown))
        self.assertEqual(result["model"]["path"], shown + ".q8")
        with open(stem, "ab") as file:
            file.write(b"x")
        self.assertIn(shown, report(engine("-r", os.fsdecode(stem), "--json"))["error"])
        done = programs.run("afxdp-model", "eval", os.fsdecode(stem) + ".q8",
                            self.write("f.csv", self.FEATURES), "--json")
        self.assertEqual((done.returncode, json.loads(done.stdout)["model"]["path"]), (0, shown + ".q8"))

    def test_names_of_bytes(self):
        self.check(b"caf\xe9", r"caf\xe9")
        self.check("café ‒ 猫 🐈".encode(), "café ‒ 猫 🐈")
        self.check(b"\x80\xc0\xaf\xe0\x80\x80\xed\xa0\x80\xf4\x90\x80\x80\xff\xe7\x8c",
                   r"\x80\xc0\xaf\xe0\x80\x80\xed\xa0\x80\xf4\x90\x80\x80\xff\xe7\x8c")


class Broken(programs.Test):
    def broken(self, data, packets, *parts):
        """What stands before the break is classified and written; then one line, status 2."""
        for arguments, options in (((self.write("x.pcap", data),), {}), (("-",), {"input": data})):
            done = engine("-r", *arguments, "--json", "--verdicts", self.path("v.csv"), **options)
            self.assert_one_line(done, 2, *parts)
            result = report(done)
            self.assertEqual(result["packets"], packets)
            self.assertIn(parts[0], result["error"])
            self.assertEqual(len(self.read("v.csv").splitlines()), packets + 1)
            done = programs.run("afxdp-features", *arguments, "-o", self.path("f.csv"), **options)
            self.assert_one_line(done, 2, *parts)
            self.assertEqual(len(self.read("f.csv").splitlines()), packets + 1)

    def test_cut_at_every_place(self):
        whole = pcap(TEN[:3])
        size = 16 + len(TEN[0][1])
        for length in range(24, len(whole)):
            if (length - 24) % size:
                self.broken(whole[:length], (length - 24) // size, "breaks off", "truncated")

    def test_cut_after_a_burst(self):
        self.broken(pcap(TEN * 20)[:-1], 199, "breaks off")

    def test_cut_pcapng(self):
        self.broken(pcapng(TEN)[:-10], 9, "breaks off")

    def test_absurd_length(self):
        data = bytearray(pcap(TEN))
        at = 24 + (16 + 42) + 8
        data[at:at + 4] = b"\xff\xff\xff\x7f"
        self.broken(bytes(data), 1, "breaks off")

    def test_too_large_wherever_it_stands(self):
        """Whether the reader happens to hold all of it or not."""
        for before in (0, 1, 4000, 8000):
            large = TEN[:1] * before + [(10**18, ethernet_udp(1, size=300000))] + TEN[:1]
            self.broken(pcap(large), before, "breaks off", "300042 bytes")

    def refused(self, path, *parts, **options):
        done = engine("-r", path, "--json", **options)
        self.assert_one_line(done, 2, path, *parts)
        self.assertEqual(done.stdout, b"")
        done = programs.run("afxdp-features", path, "-o", self.path("never.csv"), **options)
        self.assert_one_line(done, 2, path, *parts)
        self.assertFalse(os.path.exists(self.path("never.csv")))

    def test_no_capture(self):
        self.refused(self.write("empty", b""), "pcap or pcapng")
        self.refused(self.write("short", pcap([])[:20]), "pcap or pcapng")
        self.refused(self.write("text", b"index,label\n0,benign\n" * 10), "pcap or pcapng")
        self.refused(self.write("zeros", bytes(1000)), "pcap or pcapng")
        self.refused(self.write("ng", pcapng([])[:20]), "pcap or pcapng")
        self.refused(self.path("missing"), "No such file")
        self.refused(self.folder, "has no captures")

    def test_unreadable(self):
        path = self.write("x", pcap(TEN))
        os.chmod(path, 0)
        if os.geteuid() == 0:
            os.chmod(self.folder, 0o755)
            self.refused(path, "Permission denied", user=65534)
        else:
            self.refused(path, "Permission denied")

    def test_full_disk(self):
        path = self.write("x", pcap(TEN * 1000))
        self.assert_one_line(engine("-r", path, "--json", "--verdicts", "/dev/full"), 1,
                             "/dev/full", "No space left")
        self.assert_one_line(programs.run("afxdp-features", path, "-o", "/dev/full"), 1,
                             "/dev/full", "No space left")
        with open("/dev/full", "wb") as full:
            for arguments in (("--json",), ()):
                done = subprocess.run([os.path.join(programs.BIN, "afxdp-engine"), "-r", path, "-m",
                                       "none", *arguments], stdout=full, stderr=subprocess.PIPE,
                                      check=False)
                self.assert_one_line(done, 1, "report")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
