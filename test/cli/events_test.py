#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""--eve over captures: every packet is told of once, in Suricata's words, and what isn't is counted."""

import base64
import csv
import hashlib
import ipaddress
import json
import os
import re
import socket
import struct
import subprocess
import sys
import threading
import unittest

import programs
import verdict_events
from programs import MIXED, engine, ethernet_udp, pcap, report, run

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+0000")
# Names and types as in Suricata's published schema (etc/schema.json); below them, ours.
COMMON = {"timestamp": str, "event_type": str, "flow_id": int, "community_id": str, "in_iface": str,
          "queue": int, "src_ip": str, "src_port": int, "dest_ip": str, "dest_port": int,
          "proto": str, "vlan": list}
FLOW = {"pkts_toserver": int, "pkts_toclient": int, "bytes_toserver": int, "bytes_toclient": int,
        "start": str, "end": str, "age": int, "reason": str, "classes": dict, "model": str}
VERDICT = {"class": str, "confidence": int, "action": str, "previous": str, "packets": int,
           "model": str}
HOST = {"ip": str, "feature": str, "threshold": int, "change": str, "value": int, "age": int}
TYPES = {"flow": FLOW, "verdict": VERDICT, "host": HOST}


def community_id(event, seed=0):
    """By the specification, of protocols with ports."""
    ends = [(ipaddress.ip_address(event[end + "_ip"]).packed, event[end + "_port"])
            for end in ("src", "dest")]
    (low, low_port), (high, high_port) = sorted(ends)
    number = {"TCP": 6, "UDP": 17}[event["proto"]]
    data = struct.pack(">H", seed) + low + high + bytes([number, 0]) + struct.pack(
        ">HH", low_port, high_port)
    return "1:" + base64.b64encode(hashlib.sha1(data).digest()).decode()


def frame(source, destination, protocol, transport):
    a, b = (ipaddress.ip_address(address).packed for address in (source, destination))
    if len(a) == 4:
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(transport), 0, 0, 64, protocol, 0) + a + b
        return bytes(12) + b"\x08\x00" + ip + transport
    return (bytes(12) + b"\x86\xdd" + struct.pack(">IHBB", 6 << 28, len(transport), protocol, 64)
            + a + b + transport)


class Events(programs.Test):
    def events(self, capture, *options, model="dt.q8", status=0):
        """The report and the events of a run."""
        path = self.path("eve.json")
        done = engine("-r", capture, "--json", "--eve", path, *options, model=model)
        self.assertEqual(done.returncode, status, done.stderr)
        with open(path, encoding="ascii") as file:
            events = [json.loads(line) for line in file]
        os.unlink(path)
        return report(done), events

    def check_sums(self, result, events):
        """Every packet and byte is in a flow event, unreported, or of no flow."""
        flows = [event["flow"] for event in events if event["event_type"] == "flow"]
        told = result["events"]
        for name, short in (("packets", "pkts"), ("bytes", "bytes")):
            self.assertEqual(sum(flow[short + "_toserver"] + flow[short + "_toclient"]
                                 for flow in flows)
                             + told["flows_unreported"][name] + told["no_flow"][name], result[name])
        self.assertEqual(told["no_flow"]["packets"], result["other"] + result["malformed"])
        self.assertEqual(len(flows) + told["flows_unreported"]["flows"], result["flows"])
        self.assertEqual(told["written"], len(events))
        for flow in flows:
            self.assertEqual(sum(flow["classes"].values()),
                             flow["pkts_toserver"] + flow["pkts_toclient"])
        return flows

    def test_every_packet_is_told_of_once(self):
        for options in ((), ("--flows", "64"), ("--flow-timeout", "1"),
                        ("--min-confidence", "900"), ("--eve-rate", "20"),
                        ("--flows", "64", "--flow-timeout", "0")):
            with self.subTest(options=options):
                result, events = self.events(MIXED, *options)
                flows = self.check_sums(result, events)
                evicted = sum(flow["reason"] == "evicted" for flow in flows)
                if "--eve-rate" not in options:
                    self.assertLessEqual(evicted, result["evictions"])
                    self.assertEqual(result["events"]["flows_unreported"]["flows"], 0)

    def test_only_the_types_that_are_asked_for(self):
        """What is left out changes nothing of the rest, whichever way the engine keeps account."""
        for options in ((), ("--flows", "64"), ("--flow-timeout", "1"), ("--min-confidence", "900"),
                        ("--flows", "64", "--flow-timeout", "0", "--flow-seed", "7")):
            with self.subTest(options=options):
                whole, every = self.events(MIXED, *options)
                for types in ("verdict", "flow", "stats,verdict,engine,block"):
                    result, events = self.events(MIXED, *options, "--eve-types", types)
                    self.assertEqual(events, [event for event in every
                                              if event["event_type"] in types.split(",")])
                    for name in ("flows_unreported", "no_flow"):
                        self.assertEqual(result["events"].get(name),
                                         whole["events"][name] if types == "flow" else None)
                self.assertTrue({"verdict", "flow"} <= {event["event_type"] for event in every})

    def test_hosts_beside_each_type(self):
        hosts = ("--eve-hosts", "default,responder_sources=20")
        _, every = self.events(MIXED, *hosts, model="nn.q8")
        for types in ("verdict", "flow", "block"):
            _, events = self.events(MIXED, *hosts, "--eve-types", types, model="nn.q8")
            self.assertEqual(events, [event for event in every
                                      if event["event_type"] in ("host", types)])
        self.assertIn("host", {event["event_type"] for event in every})

    def test_types_that_mean_nothing(self):
        for types, options, said in (
                ("flows", (), "--eve-types: 'flows': say some of verdict, flow, block, stats, engine"),
                ("", (), "--eve-types: '': say some of"),
                ("verdict,,flow", (), "--eve-types: '': say some of"),
                ("flow,host", (), "--eve-types: 'host' events are asked for by --eve-hosts"),
                ("stats", ("--eve-rate", "9"), "--eve-rate: is of events of flows, and"),
                ("stats", ("--community-id-seed", "9"), "--community-id-seed: is of events"),
                ("stats", (), "--eve-types: a capture has none of these: add verdict or flow")):
            done = engine("-r", MIXED, "--eve", self.path("none.json"), "--eve-types", types,
                          *options, model="dt.q8")
            self.assertEqual((done.returncode, done.stderr.count(b"\n")), (2, 1), done.stderr)
            self.assertIn(said, done.stderr.decode())
        done = engine("-r", MIXED, "--eve-types", "flow", model="dt.q8")
        self.assertEqual(done.returncode, 2)

    def test_the_rate_bounds_each_second(self):
        result, events = self.events(MIXED, "--eve-rate", "20")
        seconds = {}
        for event in events:
            seconds.setdefault(event["timestamp"][:19], []).append(event)
        self.assertEqual(max(map(len, seconds.values())), 20)
        _, every = self.events(MIXED)
        left_out = result["events"]["left_out"]
        self.assertEqual(len(events) + left_out["verdict"] + left_out["flow"], len(every))

    def test_the_rate_bounds_each_host(self):
        result, events = self.events(MIXED, "--eve-host-rate", "3")
        self.check_sums(result, events)
        told = {}
        for event in events:
            of = event["timestamp"][:19], event["src_ip"]
            told[of] = told.get(of, 0) + 1
        self.assertEqual(max(told.values()), 3)
        self.assertGreater(len({host for _, host in told}), 10)
        _, every = self.events(MIXED)
        left_out = result["events"]["left_out"]
        self.assertEqual(len(events) + left_out["verdict"] + left_out["flow"], len(every))

    def test_names_types_and_order(self):
        _, events = self.events(MIXED, "--eve-hosts", "default")
        self.assertEqual({event["event_type"] for event in events}, set(TYPES))
        for event in events:
            kind = event["event_type"]
            types = TYPES[kind]
            self.assertEqual([name for name in COMMON if name in event] + [kind], list(event))
            self.assertEqual([name for name in types if name in event[kind]], list(event[kind]))
            for name, value in event.items():
                self.assertIsInstance(value, COMMON.get(name, dict), name)
            for name, value in event[kind].items():
                self.assertIsInstance(value, types[name], name)
            self.assertRegex(event["timestamp"], TIME)
            self.assertTrue(0 <= event["flow_id"] < 2**63)
            self.assertNotIn("in_iface", event)
            if kind == "flow":
                self.assertLessEqual(event["flow"]["start"], event["flow"]["end"])
        self.assertEqual([event["vlan"] for event in events if "vlan" in event][0], [10])

    def test_verdicts_are_those_of_the_rows(self):
        """Derived from --verdicts alone, by a script that shares nothing with the engine."""
        for options, timeout in (((), 120), (("--flow-timeout", "1"), 1),
                                 (("--min-confidence", "900"), 120)):
            _, events = self.events(MIXED, "--verdicts", self.path("v.csv"), *options)
            rows = csv.DictReader(self.read("v.csv").splitlines())
            wanted = list(verdict_events.events_of(rows, "benign", timeout))
            names = ("timestamp", "src_ip", "src_port", "dest_ip", "dest_port", "proto")
            found = [{name: event[name] for name in names if name in event} |
                     {name: value for name, value in event["verdict"].items() if name != "model"}
                     for event in events if event["event_type"] == "verdict"]
            self.assertGreater(len(wanted), 500)
            self.assertEqual(found, wanted)

    def test_community_id(self):
        """The specification's own examples, then every flow of the capture with ports."""
        ports = lambda a, b: struct.pack(">HH", a, b)
        published = (
            ("128.232.110.120", "66.35.250.204", 6, ports(34855, 80) + bytes(8) + b"\x50" + bytes(7),
             "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
            ("66.35.250.204", "128.232.110.120", 6, ports(80, 34855) + bytes(8) + b"\x50" + bytes(7),
             "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
            ("192.168.1.52", "8.8.8.8", 17, ports(54585, 53) + struct.pack(">HH", 8, 0),
             "1:d/FP5EW3wiY1vCndhwleRRKHowQ="),
            ("192.168.0.89", "192.168.0.1", 1, b"\x08\x00" + bytes(6),
             "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="),
            ("192.168.0.1", "192.168.0.89", 1, b"\x00\x00" + bytes(6),
             "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="),
            ("fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 58, b"\x87\x00" + bytes(6),
             "1:dGHyGvjMfljg6Bppwm3bg0LO8TY="),
            ("192.168.170.8", "192.168.170.56", 132, ports(7, 80) + bytes(8),
             "1:jQgCxbku+pNGw8WPbEc/TS/uTpQ="))
        for source, destination, protocol, transport, wanted in published:
            capture = self.write("one.pcap", pcap([(10**18, frame(source, destination, protocol,
                                                                   transport))]))
            _, (event,) = self.events(capture, model="none")
            self.assertEqual(event["community_id"], wanted, event)
        for seed in (0, 1, 65535):
            _, events = self.events(MIXED, "--community-id-seed", str(seed))
            with_ports = [event for event in events if event["proto"] in ("TCP", "UDP")]
            self.assertGreater(len(with_ports), 1000)
            for event in with_ports:
                self.assertEqual(event["community_id"], community_id(event, seed), event)

    def test_a_full_disk_costs_events_that_are_counted(self):
        path = self.path("full")
        os.symlink("/dev/full", path)
        done = engine("-r", MIXED, "--json", "--eve", path, model="dt.q8")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"No space left on device", done.stderr)
        result = report(done)
        self.assertEqual(result["packets"], 7472)
        self.check_sums(result, [])
        self.assertGreater(result["events"]["events_lost"]["flow"], 1000)

    def test_where_they_go(self):
        _, wanted = self.events(MIXED)
        done = engine("-r", MIXED, "--eve", "-", model="dt.q8")
        self.assertEqual([json.loads(line) for line in done.stdout.splitlines()], wanted)
        self.assertIn(b"what happened", done.stderr)
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(listener.close)
        listener.bind(self.path("socket"))
        listener.listen()
        got = []

        def read():
            with listener.accept()[0] as client, client.makefile("rb") as lines:
                got.extend(lines)

        reader = threading.Thread(target=read)
        reader.start()
        done = engine("-r", MIXED, "--json", "--eve", "unix:" + self.path("socket"), model="dt.q8")
        reader.join(20)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([json.loads(line) for line in got], wanted)

    def test_what_it_refuses(self):
        for options, words in ((("--eve", "unix:" + self.path("none")), ("cannot write events",)),
                               (("--eve", "/none/there"), ("cannot write events to /none/there",)),
                               (("--eve", "-", "--json"), ("--json and --eve",)),
                               (("--eve", "-", "--verdicts", "-"), ("standard output",)),
                               (("--eve-rate", "5"), ("--eve-rate", "--eve"))):
            self.assert_one_line(engine("-r", MIXED, *options), 2, *words)
        done = engine("-i", "lo", "--datapath", "kernel", "--eve", self.path("x"), "--verdicts",
                      self.path("y"), model="none")
        self.assert_one_line(done, 2, "--eve and --verdicts both read")

    def test_jq_reads_them(self):
        if subprocess.run(["which", "jq"], capture_output=True, check=False).returncode:
            self.skipTest("jq is not installed")
        path = self.path("eve.json")
        engine("-r", MIXED, "--eve", path, model="dt.q8")
        done = subprocess.run(["jq", "-s", 'map(select(.event_type=="flow")) | length', path],
                              capture_output=True, check=True, timeout=60)
        self.assertEqual(int(done.stdout), 1279)

    def test_a_flow_of_its_own(self):
        packets = [(10**18, ethernet_udp(1)), (10**18 + 1500 * 10**6, ethernet_udp(1, size=10))]
        _, events = self.events(self.write("x.pcap", pcap(packets)), model="none")
        (event,) = events
        self.assertEqual(event["flow"], {
            "pkts_toserver": 2, "pkts_toclient": 0, "bytes_toserver": 94, "bytes_toclient": 0,
            "start": "2001-09-09T01:46:40.000000+0000", "end": "2001-09-09T01:46:41.500000+0000",
            "age": 1, "reason": "shutdown", "classes": {"unclassified": 2}})
        self.assertEqual(event["timestamp"], event["flow"]["end"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
