#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Many captures at once: as one stream in the order of time, and each alone."""

import gzip
import json
import os
import pathlib
import pty
import random
import select
import signal
import subprocess
import sys
import time
import unittest

import programs
from programs import engine, ethernet_udp, pcap, pcapng, report, run

SECOND = 10**9


class Series(programs.Test):
    def make(self, parts, names=None):
        """One capture a part, each of (time, host)."""
        os.mkdir(self.path("d"))
        for i, part in enumerate(parts):
            packets = [(time, ethernet_udp(host)) for time, host in part]
            data = (pcap, pcapng, lambda p: gzip.compress(pcap(p)))[i % 3](packets)
            self.write(os.path.join("d", names[i] if names else f"c{i}"), data)
        return self.path("d")

    def rows(self, *arguments):
        done = run("afxdp-features", *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return done.stdout

    def whole(self, parts):
        """The same packets in one capture, in the order of time."""
        packets = sorted((packet for part in parts for packet in part), key=lambda p: p[0])
        return self.rows(self.write("whole", pcap([(t, ethernet_udp(h)) for t, h in packets])))

    def test_rotated(self):
        """Flows go on from one capture to the next, however these are named."""
        parts = [[(10**18 + (i * 50 + k) * SECOND // 10, k % 7) for k in range(50)] for i in range(12)]
        names = [f"z{100 - i}" for i in range(12)]
        folder = self.make(parts, names)
        whole = self.whole(parts)
        files = [os.path.join(folder, name) for name in names]
        random.shuffle(files)
        self.assertEqual(self.rows(folder), whole)
        self.assertEqual(self.rows(os.path.join(folder, "z*")), whole)
        self.assertEqual(self.rows(*files), whole)
        for arguments in ((folder,), tuple(files), (os.path.join(folder, "z[1-9]*"),)):
            result = report(engine("--json", "--pcap", *arguments))
            self.assertEqual((result["packets"], result["flows"], result["captures"]), (600, 7, 12))

    def test_overlapping(self):
        """Sensors that recorded at the same time: packet by packet in the order of time."""
        rng = random.Random(5)
        times = rng.sample(range(10**6), 900)
        parts = [[] for _ in range(5)]
        for t in sorted(times):
            parts[rng.randrange(5)].append((10**18 + t * 1000, rng.randrange(9)))
        folder = self.make(parts)
        self.assertEqual(self.rows(folder), self.whole(parts))

    def test_more_than_are_open_at_once(self):
        parts = [[(10**18 + i, 1), (10**18 + 10**9, 1)] for i in range(65)]
        folder = self.make(parts)
        self.assert_one_line(engine("--pcap", folder, "--json"), 2, "more than 64 captures overlap")
        parts = [[(10**18 + i * 10, 1), (10**18 + i * 10 + 9, 1)] for i in range(200)]
        os.rename(folder, self.path("before"))
        self.assertEqual(self.rows(self.make(parts)), self.whole(parts))

    def test_empty_ones(self):
        parts = [[], [(10**18, 1)], [], [(10**18 + 5, 2)]]
        self.assertEqual(self.rows(self.make(parts)), self.whole(parts))
        self.assertEqual(len(self.rows(self.write("a", pcap([])), self.write("b", pcap([])))
                             .splitlines()), 1)

    def test_what_breaks_off(self):
        """Told at the end; what the others have is there."""
        packets = [(10**18 + i, ethernet_udp(i)) for i in range(4)]
        cut, good = self.write("a", pcap(packets)[:-1]), self.write("b", pcap(packets))
        done = engine("--json", "--pcap", cut, good)
        self.assert_one_line(done, 2, cut, "breaks off")
        self.assertEqual(report(done)["packets"], 7)
        done = engine("--json", "--pcap", cut, good, self.write("c", pcap(packets)[:-3]))
        self.assert_one_line(done, 2, "1 more captures are faulty")
        self.assert_one_line(run("afxdp-features", cut, good), 2, "breaks off")

    def test_refusals(self):
        folder = self.make([[(10**18, 1)]])
        good = os.path.join(folder, "c0")
        for arguments, part in (((folder + "/x*",), "no capture has a name as"),
                                ((self.path("none"),), "No such file"),
                                ((good, "-"), "standard input can't be one of several"),
                                ((good, self.write("text", b"hello" * 9)), "text")):
            self.assert_one_line(engine("--pcap", *arguments), 2, part)
            self.assert_one_line(run("afxdp-features", *arguments), 2, part)
        os.mkdir(self.path("empty"))
        self.assert_one_line(engine("--pcap", self.path("empty")), 2, "has no captures")
        self.assert_one_line(run("afxdp-engine", "eth0", "-m", "none"), 2, "'eth0' is no option")
        self.write("d/README", b"no capture")
        done = engine("--pcap", folder, "--json")
        self.assert_one_line(done, 0, "warning", "1 files are left out", "README")
        self.assertEqual(report(done)["packets"], 1)

    def test_links_that_cannot_be_read(self):
        one = pcapng([(10**18, bytes(60))], link=220)
        result = engine("--json", "--pcap", self.write("a", one),
                        self.write("b", pcap([(10**18, ethernet_udp(1))])))
        self.assert_one_line(result, 2, "nothing of capture")
        self.assertEqual(report(result)["unread"], {"USB_LINUX_MMAPPED": 1})


class Each(programs.Test):
    def setUp(self):
        super().setUp()
        os.mkdir(self.path("d"))
        self.sizes = [3, 50, 1, 7, 20, 0]
        for i, size in enumerate(self.sizes):
            self.write(f"d/c{i}.pcap", pcap([(10**18 + k, ethernet_udp(k % 2)) for k in range(size)]))

    def test_lines(self):
        for jobs in ("1", "3"):
            done = engine("--pcap", self.path("d"), "--each", "-j", jobs, "--json")
            lines = [json.loads(line) for line in done.stdout.splitlines()]
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            self.assertEqual([line["source"] for line in lines],
                             [self.path(f"d/c{i}.pcap") for i in range(6)])
            self.assertEqual([(line["packets"], line["flows"]) for line in lines],
                             [(size, min(size, 2)) for size in self.sizes])

    def test_table(self):
        done = engine("--pcap", self.path("d"), "--each")
        lines = done.stdout.decode().splitlines()
        self.assertEqual(lines[0].split(), ["capture", "packets", "bytes", "flows", "other",
                                            "malformed", "unclassified"])
        self.assertEqual([line.split()[1] for line in lines[1:]], [str(size) for size in self.sizes])

    def test_faults(self):
        """They are the file's own: the others' results are there, and the status is the worst."""
        with open(self.path("d/c1.pcap"), "ab") as file:
            file.write(b"x")
        bad = self.write("bad", b"hello" * 9)
        done = engine("--pcap", self.path("d"), bad, "--each", "--json", "-j2")
        self.assertEqual(done.returncode, 2)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(len(lines), 7)
        self.assertEqual([i for i, line in enumerate(lines) if line["error"]], [1, 6])
        self.assertEqual(lines[1]["packets"], 50)
        self.assertEqual((lines[6]["source"], "packets" in lines[6]), (bad, False))
        self.assertEqual(len(done.stderr.splitlines()), 2)
        table = engine("--pcap", self.path("d"), bad, "--each").stdout.decode().splitlines()
        self.assertIn("ended early", table[2])
        self.assertIn("can't be read", table[7])

    def test_features(self):
        os.mkdir(self.path("out"))
        done = run("afxdp-features", self.path("d"), "--each", "-j", "2", "-o", self.path("out"))
        self.assertEqual((done.returncode, done.stderr, done.stdout), (0, b"", b""))
        for i in range(6):
            alone = run("afxdp-features", self.path(f"d/c{i}.pcap")).stdout.decode()
            self.assertEqual(self.read(f"out/c{i}.pcap.csv"), alone)
        os.mkdir(self.path("e"))
        self.write("e/c0.pcap", pcap([]))
        for arguments, part in ((("-o", self.path("none")), "is no folder"), ((), "--output"),
                                (("-o", self.path("out"), self.path("e")), "have one name")):
            self.assert_one_line(run("afxdp-features", self.path("d"), "--each", *arguments), 2, part)

    def test_verdicts(self):
        os.mkdir(self.path("out"))
        done = engine("--pcap", self.path("d"), "--each", "-j2", "--json", "--verdicts", self.path("out"))
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(sorted(os.listdir(self.path("out"))), [f"c{i}.pcap.csv" for i in range(6)])
        for i, size in enumerate(self.sizes):
            engine("--pcap", self.path(f"d/c{i}.pcap"), "--json", "--verdicts", self.path("alone"))
            alone = self.read("alone")
            self.assertEqual(alone.count("\n"), size + 1)
            self.assertEqual(self.read(f"out/c{i}.pcap.csv"), alone)
        os.mkdir(self.path("e"))
        self.write("e/c0.pcap", pcap([]))
        for arguments, part in ((("--verdicts", self.path("none")), "--verdicts", ),
                                (("--verdicts", "-"), "is no folder"),
                                (("--verdicts", self.path("out"), self.path("e")), "have one name")):
            done = engine("--each", *arguments[:2], "--pcap", self.path("d"), *arguments[2:])
            self.assert_one_line(done, 2, part)

    def test_refusals(self):
        folder = self.path("d")
        for arguments, part in ((("--each", "--eve", self.path("v")), "--each"),
                                (("-j", "2"), "--each"), (("--each", "-j", "0"), "-j")):
            self.assert_one_line(engine("--pcap", folder, *arguments), 2,
                                 part if part != "-j" else "jobs")
        self.assert_one_line(engine("--each", "--iface", "lo"), 2, "--each")

    def test_interrupt(self):
        """A capture that never comes: the engine is told to end, and so are those at work."""
        os.mkfifo(self.path("fifo"))
        with subprocess.Popen([os.path.join(programs.BIN, "afxdp-engine"), "-m", "none", "--each",
                               "--json", "--pcap", self.path("d"), self.path("fifo"),
                               self.path("d/c0.pcap")], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL) as process:
            for size in self.sizes:
                self.assertEqual(json.loads(process.stdout.readline())["packets"], size)
            process.send_signal(signal.SIGTERM)
            out, _ = process.communicate(timeout=60)
        self.assertLessEqual(len(out.splitlines()), 1)

    def test_a_process_that_is_killed_has_its_line(self):
        os.mkfifo(self.path("fifo"))
        with subprocess.Popen([os.path.join(programs.BIN, "afxdp-engine"), "-m", "none", "--each",
                               "--json", "--pcap", self.path("d/c0.pcap"), self.path("fifo")],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            try:
                process.stdout.readline()  # then the next one is begun, sooner or later
                children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
                end = time.monotonic() + 30
                while not (child := children.read_text()) and time.monotonic() < end:
                    time.sleep(0.01)
                os.kill(int(child), signal.SIGKILL)
                out, _ = process.communicate(timeout=60)
            finally:
                process.kill()
        self.assertEqual(process.returncode, 1)
        line = json.loads(out)
        self.assertEqual(line["source"], self.path("fifo"))
        self.assertIn("left no report", line["error"])

    def test_progress(self):
        """On a terminal, and nothing of it stays there."""
        main, other = pty.openpty()
        with subprocess.Popen([os.path.join(programs.BIN, "afxdp-engine"), "-m", "none", "--json",
                               "-r", "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                              stderr=other) as process:
            data = pcap([(10**18, ethernet_udp(1))] * 1000)
            process.stdin.write(data)
            for _ in range(300):
                process.stdin.write(data[24:])
                process.stdin.flush()
                if select.select([main], [], [], 0.1)[0]:
                    break
            process.stdin.close()
        os.close(other)
        shown = ""
        try:
            while True:
                shown += os.read(main, 10000).decode()
        except OSError:  # the terminal's end
            os.close(main)
        self.assertIn(" packets", shown)
        self.assertTrue(shown.endswith("\r\033[K"), repr(shown[-40:]))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
