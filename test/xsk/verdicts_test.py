#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What becomes of packets when the file of --verdicts doesn't take its rows."""

import collections
import csv
import json
import os
import signal
import subprocess
import time

import lab

DATAPATHS = ((), ("--datapath", "kernel"))


class Verdicts(lab.Test):
    def bridge(self, here, datapath, verdicts):
        return here.engine("--iface", "eng0", "--bridge", "eng1", "--verdicts", verdicts, *datapath)

    def send(self, here, count):
        here.generate("--count", str(count), "--rate", "50000")

    def check_rows(self, path, report, since):
        """Of each queue as many as it received, numbered from 0, with ends, and times of this run."""
        rows, flows = collections.defaultdict(list), set()
        with open(path, newline="", encoding="ascii") as file:
            for row in csv.DictReader(file):
                rows[int(row["queue"])].append(int(row["index"]))
                flows.add((row["src_ip"], row["src_port"], row["dest_ip"], row["dest_port"]))
                self.assertTrue(since <= float(row["time"]) <= time.time(), row)
                self.assertEqual(row["proto"], "UDP")
        received = {queue["queue"]: queue["received"] for queue in report["queues"]
                    if queue["received"]}
        self.assertEqual({queue: len(of) for queue, of in rows.items()}, received)
        self.assertEqual(len(rows), 2)
        for of in rows.values():
            self.assertEqual(of, list(range(len(of))))
        return flows

    def test_several_queues(self):
        flows = []
        for datapath in DATAPATHS:
            with self.subTest(datapath=datapath):
                here, path = self.lab("--queues", "2"), self.path("rows" + str(len(datapath)))
                since = time.time()
                engine = here.engine("--iface", "eng0", "--queues", "2", "--verdicts", path,
                                     *datapath)
                here.generate("--count", "4000", "--flows", "64", "--rate", "20000")
                time.sleep(0.2)
                report = engine.stop()
                self.assertEqual((report["packets"], report["verdicts_lost"]), (4000, 0))
                flows.append(self.check_rows(path, report, since))
        self.assertEqual(flows[0], flows[1])
        self.assertEqual(len(flows[0]), 64)

    def test_a_reader_that_stands_still_stops_no_packet(self):
        for datapath in DATAPATHS:
            with self.subTest(datapath=datapath):
                here = self.lab("--two-ports")
                pipe = self.path("pipe" + str(len(datapath)))
                os.mkfifo(pipe)
                reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
                self.addCleanup(os.close, reader)
                engine = self.bridge(here, datapath, pipe)
                self.send(here, 150000)
                self.assertEqual(here.ping(3), 3, "packets wait for the reader")
                begin = time.monotonic()
                engine.signal(signal.SIGTERM)
                self.assertEqual(engine.end(10), 1)
                self.assertLess(time.monotonic() - begin, 6)
                report = engine.report()
                self.assertGreater(report["verdicts_lost"], 10000)
                self.assertIn("rows are missing", report["error"])
                self.assertGreaterEqual(report["packets"], 150000)

    def test_a_reader_that_goes_away_ends_nothing(self):
        for datapath in DATAPATHS:
            with self.subTest(datapath=datapath):
                here = self.lab("--two-ports")
                pipe = self.path("gone" + str(len(datapath)))
                os.mkfifo(pipe)
                reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
                engine = self.bridge(here, datapath, pipe)
                os.close(reader)
                self.send(here, 1000)
                engine.wait_for("cannot write verdicts")
                self.assertEqual(here.ping(3), 3)
                engine.signal(signal.SIGTERM)
                self.assertEqual(engine.end(10), 1)
                self.assertIn("Broken pipe", engine.report()["error"])
                flags = here.run("eng", "ip", "link", "show", "eng0").stdout
                self.assertNotIn("PROMISC", flags)

    def test_a_full_disk_is_said_when_it_happens(self):
        for datapath in DATAPATHS:
            with self.subTest(datapath=datapath):
                here = self.lab("--two-ports")
                engine = self.bridge(here, datapath, "/dev/full")
                engine.wait_for("No space left on device")
                self.assertEqual(here.ping(2), 2)
                engine.signal(signal.SIGTERM)
                self.assertEqual(engine.end(10), 1)
                self.assertIn("No space left on device", engine.report()["error"])

    def test_closed_standard_streams_become_no_file_of_ours(self):
        """With >&- the next file that is opened would be standard output, and get the report."""
        rows = self.path("rows.csv")
        command = f"{lab.ENGINE} --pcap {lab.MIXED} --model none --json --verdicts {rows} >&-"
        subprocess.run(["bash", "-c", command], check=False, timeout=60)
        with open(rows, encoding="ascii") as file:
            text = file.read()
        self.assertNotIn("{", text)
        self.assertEqual(text.count("\n"), 7473)

    def test_a_hangup_is_no_end(self):
        """SIGHUP reads the model again; the run goes on."""
        for datapath in DATAPATHS:
            with self.subTest(datapath=datapath):
                here = self.lab()
                model = self.model("dt")
                engine = here.engine("--iface", "eng0", *datapath, model=model)
                engine.signal(signal.SIGHUP)
                engine.wait_for("is at work")
                report = engine.stop()
                self.assertEqual(json.dumps(report["error"]), "null")


if __name__ == "__main__":
    lab.main()
