#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""--write over AF_XDP: which port packets came in by, when, what became of them, and readers that
don't read."""

import os
import signal
import subprocess
import time

import lab


def tshark(path, *fields):
    options = [word for field in fields for word in ("-e", field)]
    done = subprocess.run(["tshark", "-n", "-r", path, "-T", "fields", *options], check=True,
                          capture_output=True, timeout=60)
    return [line.split("\t") for line in done.stdout.decode().splitlines()]


class Write(lab.Test):
    def bridge(self, here, *options):
        return here.engine("--iface", "eng0", "--bridge", "eng1", "--write", *options)

    def check_sums(self, report):
        written = report["written"]
        self.assertEqual(written["matched"],
                         written["written"] + written["lost"] + written["beyond"])
        return written

    def test_both_ports_of_a_bridge(self):
        """Of two queues, in one file, each by the name of the port it came in by."""
        here, path = self.lab("--two-ports", "--queues", "2"), self.path("w.pcapng")
        since = time.time()
        engine = self.bridge(here, path, "--queues", "2", "--write-if", "class=unclassified")
        here.generate("--count", "4000", "--flows", "64", "--rate", "20000")
        self.assertEqual(here.ping(3), 3)
        report = engine.stop()
        written = self.check_sums(report)
        self.assertEqual((written["lost"], written["matched"]),
                         (0, report["classes"]["unclassified"]))
        found = tshark(path, "frame.interface_name", "frame.time_epoch", "frame.comment",
                       "ip.proto", "icmp.type")
        self.assertEqual(len(found), written["written"])
        for _, when, comment, *_ in found:
            self.assertTrue(since <= float(when) <= time.time(), when)
            self.assertRegex(comment, r"^class=unclassified action=count flow_id=\d+$")
        self.assertEqual(len({comment for *_, comment, proto, _ in found if proto == "17"}), 64)
        self.assertEqual(sum(proto == "17" for *_, proto, _ in found), 4000)
        self.assertEqual([name for name, *_, kind in found if kind == "8"], ["eng0"] * 3)
        self.assertEqual([name for name, *_, kind in found if kind == "0"], ["eng1"] * 3)

    def test_a_reader_that_stands_still_stops_no_packet(self):
        here, pipe = self.lab("--two-ports"), self.path("pipe")
        os.mkfifo(pipe)
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        engine = self.bridge(here, pipe)
        here.generate("--count", "100000", "--rate", "50000")
        self.assertEqual(here.ping(3), 3, "packets wait for the reader")
        begin = time.monotonic()
        engine.signal(signal.SIGTERM)
        self.assertEqual(engine.end(10), 0)
        self.assertLess(time.monotonic() - begin, 6)
        self.assertIn("packets are missing", engine.stderr())
        written = self.check_sums(engine.report())
        self.assertGreater(written["lost"], 50000)

    def test_a_full_disk_is_said_when_it_happens(self):
        here = self.lab("--two-ports")
        engine = self.bridge(here, "/dev/full")
        here.ping(1)
        engine.wait_for("No space left on device")
        self.assertEqual(here.ping(2), 2)
        engine.signal(signal.SIGTERM)
        self.assertEqual(engine.end(10), 1)
        report = engine.report()
        self.assertIn("No space left on device", report["error"])
        self.assertEqual(self.check_sums(report)["written"], 0)


if __name__ == "__main__":
    lab.main()
