#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""--eve over AF_XDP and from the kernel datapath: sums that hold, readers that don't read, files that are moved away."""

import itertools
import json
import os
import signal
import struct
import time

import lab

DT = os.path.join(lab.ROOT, "models", "dt1.q8")
DT2 = os.path.join(lab.ROOT, "models", "dt.q8")
SECOND = 10**9  # since 1970: 7.1 s of a window of 8.6 have gone by


def read(path):
    with open(path, encoding="ascii") as file:
        return [json.loads(line) for line in file]


def in_a_window(path):
    """Gives a capture's packets times that lie in one window of the host memory."""
    with open(path, "rb") as file:
        data = bytearray(file.read())
    at = 24
    for number in itertools.count():
        if at >= len(data):
            break
        struct.pack_into("<II", data, at, SECOND, number * 100)
        at += 16 + struct.unpack_from("<I", data, at + 8)[0]
    with open(path, "wb") as file:
        file.write(data)


class Events(lab.Test):
    def bridge(self, here, *options):
        return here.engine("--iface", "eng0", "--bridge", "eng1", *options)

    def check_sums(self, report, events):
        flows = [event["flow"] for event in events if event["event_type"] == "flow"]
        told = report["events"]
        for name, short in (("packets", "pkts"), ("bytes", "bytes")):
            self.assertEqual(sum(flow[short + "_toserver"] + flow[short + "_toclient"]
                                 for flow in flows)
                             + told["flows_unreported"][name] + told["no_flow"][name], report[name])
        self.assertEqual(told["written"], len(events))
        return flows

    def check_meanwhile(self, here, path):
        """While it runs: what was told, what stands in the table still, and what was left out."""
        ask = lambda *words: json.loads(here.run("eng", lab.ENGINE, "ctl", *words, "--json").stdout)

        def adds_up():
            report, flows = ask("stats"), ask("flows", "--limit", "256")
            with open(path, encoding="ascii") as file:
                told = [json.loads(line)["flow"] for line in file
                        if line.endswith("\n") and '"event_type":"flow"' in line]
            self.assertEqual(len(flows["flows"]), flows["total"])
            events = report["events"]
            return report["packets"] > 10000 and report["packets"] == (
                sum(flow["pkts_toserver"] + flow["pkts_toclient"] for flow in told)
                + sum(flow["packets"] for flow in flows["flows"])
                + events["flows_unreported"]["packets"] + events["no_flow"]["packets"])

        self.until(adds_up, what="flows told and flows in the table that are all packets")

    def test_sums_hold(self):
        """Evictions and all: 64 flows fit, 5,000 come."""
        for flows in ("65536", "64"):
            here = self.lab("--two-ports", "--queues", "2")
            path = self.path("eve" + flows)
            engine = self.bridge(here, "--queues", "2", "--eve", path, "--flows", flows)
            here.generate("--count", "20000", "--flows", "5000", "--rate", "20000")
            self.assertEqual(here.ping(2), 2)
            if flows == "64":
                self.check_meanwhile(here, path)
            report = engine.stop()
            events = read(path)
            self.assertGreater(report["packets"], 10000)
            self.assertGreater(len(self.check_sums(report, events)), 100)
            self.assertEqual({event["in_iface"] for event in events if "in_iface" in event},
                             {"eng0"})
            self.assertEqual([event["engine"]["message"] for event in events
                              if event["event_type"] == "engine"], ["started", "stopped"])
            self.assertIn("stats", {event["event_type"] for event in events})
            day = time.strftime("%Y-%m-%dT", time.gmtime())
            self.assertTrue(events[0]["timestamp"].startswith(day) or events[-1]["timestamp"]
                            .startswith(day))

    def test_the_kernel_tells_the_same(self):
        """Flow by flow what a capture of the same packets tells; the sums with evictions, too."""
        for flows in ("8", "65536"):
            here = self.lab()
            live, file, sent = self.path("live" + flows), self.path("file"), self.path("sent.pcap")
            options = ("--flows", flows, "--flow-timeout", "100000")
            engine = here.engine("--iface", "eng0", "--datapath", "kernel", "--eve", live, *options,
                                 model=DT)
            here.generate("--pcap", lab.MIXED, "--rate", "5000", "--cpu", "0", "--record", sent)
            time.sleep(0.3)
            report = engine.stop()
            told = self.check_sums(report, read(live))
            self.assertEqual(report["events"]["flows_unreported"]["packets"], 0)
            self.assertEqual(sum(queue["unrecorded"] for queue in report["queues"]), 0)
            if flows == "8":
                self.assertGreater(report["evictions"], 100)
                continue
            here.run("eng", lab.ENGINE, "--pcap", sent, "--model", DT, "--eve", file, *options)
            same = ("pkts_toserver", "pkts_toclient", "bytes_toserver", "bytes_toclient", "reason")
            key = lambda event: (event["src_ip"], event.get("src_port"), event["dest_ip"],
                                 event.get("dest_port"), event["proto"], event["community_id"],
                                 tuple(event.get("vlan", ())),
                                 *(event["flow"][name] for name in same))
            found, wanted = (sorted(map(str, map(key, (event for event in read(path)
                                                       if event["event_type"] == "flow"))))
                             for path in (live, file))
            self.assertEqual(len(told), len(wanted))
            self.assertEqual(found, wanted)

    def test_only_the_types_that_are_asked_for(self):
        """Events of flows, and others without any, for which the kernel makes no records."""
        for datapath in ("afxdp", "kernel"):
            here = self.lab()
            for types in ("verdict", "engine,stats"):
                path = self.path("eve")
                engine = here.engine("--iface", "eng0", "--datapath", datapath, "--eve", path,
                                     "--eve-types", types, model=DT)
                here.generate("--pcap", lab.MIXED, "--rate", "20000", "--cpu", "0")
                time.sleep(0.3)
                report = engine.stop()
                self.assertGreater(report["packets"], 7000)
                self.assertEqual({event["event_type"] for event in read(path)},
                                 set(types.split(",")))
                self.assertNotIn("flows_unreported", report["events"])
                os.unlink(path)

    def test_hosts_are_told_of_alike(self):
        """In either datapath those that a capture of the same packets tells of: all of it lies
        within a window of time and the next."""
        hosts = "initiator_failed=20,initiator_ports=20,responder_sources=10,responder_refused=5"
        options = ("--eve-hosts", hosts, "--flow-seed", "0")
        key = lambda event: (*event["host"].values(), event["src_ip"], event.get("src_port"),
                             event["dest_ip"], event.get("dest_port"), event["proto"])
        for datapath in ("kernel", "afxdp"):
            here = self.lab()
            live, file, sent = (self.path(datapath + name) for name in ("live", "file", "sent"))
            engine = here.engine("--iface", "eng0", "--datapath", datapath, "--eve", live,
                                 *options, model=DT2)
            here.generate("--pcap", lab.MIXED, "--rate", "5000", "--cpu", "0", "--record", sent)
            time.sleep(0.3)
            report = engine.stop()
            self.check_sums(report, read(live))
            self.assertEqual(report["events"]["events_lost"]["host"], 0)
            in_a_window(sent)
            here.run("eng", lab.ENGINE, "--pcap", sent, "--model", DT2, "--eve", file, *options)
            found, wanted = ([key(event) for event in read(path) if event["event_type"] == "host"]
                             for path in (live, file))
            self.assertEqual(found, wanted)
            self.assertEqual(len({row[1] for row in wanted}), 4)

    def test_what_the_kernel_has_no_room_for_is_counted(self):
        """More at once than the ring holds, while the writer's pipe stands still."""
        here = self.lab()
        pipe = self.path("pipe")
        os.mkfifo(pipe)
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        engine = here.engine("--iface", "eng0", "--datapath", "kernel", "--eve", pipe, "--flows",
                             "64")
        here.generate("--count", "100000", "--flows", "50000", "--rate", "100000")
        time.sleep(0.3)
        report = engine.stop()
        self.assertGreater(report["packets"], 50000)
        self.assertGreater(sum(queue["unrecorded"] for queue in report["queues"]), 1000)
        text = os.read(reader, 1 << 20).decode()
        self.check_sums(report, [json.loads(line) for line in text.splitlines()[:text.count("\n")]])

    def test_a_reader_that_stands_still_stops_no_packet(self):
        here = self.lab("--two-ports")
        pipe = self.path("pipe")
        os.mkfifo(pipe)
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        engine = self.bridge(here, "--eve", pipe, "--flows", "64")
        here.generate("--count", "60000", "--flows", "50000", "--rate", "50000")
        self.assertEqual(here.ping(3), 3, "packets wait for the reader")
        report = engine.stop()
        self.assertGreater(report["packets"], 40000)
        self.assertGreater(report["events"]["events_lost"]["flow"], 10000)
        text = os.read(reader, 1 << 20).decode()
        lines = text.splitlines()[:text.count("\n")]
        self.check_sums(report, [json.loads(line) for line in lines])

    def test_a_file_that_is_moved_away_is_opened_again(self):
        here = self.lab("--two-ports")
        path = self.path("eve.json")
        engine = self.bridge(here, "--eve", path)
        here.generate("--count", "100", "--rate", "10000")
        for number, reopen in enumerate((lambda: here.run("eng", lab.ENGINE, "ctl", "reopen"),
                                         lambda: engine.signal(signal.SIGHUP))):
            self.until(lambda: os.path.exists(path) and os.path.getsize(path) > 0 or number)
            os.rename(path, path + str(number))
            reopen()
            self.until(lambda: os.path.exists(path), what="a file of that name")
        report = engine.stop()
        self.check_sums(report, read(path + "0") + read(path + "1") + read(path))

    def test_a_full_disk_is_said_when_it_happens(self):
        here = self.lab("--two-ports")
        engine = self.bridge(here, "--eve", "/dev/full")
        engine.wait_for("No space left on device")
        self.assertEqual(here.ping(2), 2)
        engine.signal(signal.SIGTERM)
        self.assertEqual(engine.end(10), 1)
        self.check_sums(engine.report(), [])


if __name__ == "__main__":
    lab.main()
