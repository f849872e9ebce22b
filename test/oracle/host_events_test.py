#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The `host` events of --eve-hosts over captures are those that the oracle derives."""

import json
import os
import random
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, "train"), os.path.join(ROOT, "test", "cli")]

import host_events
import oracle_test as made
import programs
from programs import MIXED, engine, pcap, report

SECOND = 10**9
USUAL = {"initiator_failed": 100, "initiator_peers": 40, "initiator_ports": 40,
         "responder_failed": 1000, "responder_refused": 100}
LOW = {"initiator_failed": 4, "initiator_unanswered": 3, "initiator_peers": 5,
       "initiator_ports": 5, "responder_failed": 6, "responder_sources": 4, "responder_refused": 2}


def text(thresholds):
    return ",".join(f"{name}={value}" for name, value in thresholds.items())


def address(number, six):
    return bytes([0xFD, *bytes(14), number]) if six else bytes([10, 0, 0, number])


def frame(rng):
    """A SYN, its answer, a reset or a datagram between a few hosts, of either version."""
    six = rng.random() < 0.3
    a, b = (address(number, six) for number in rng.sample(range(1, 9), 2))
    sport, dport = rng.choice(range(1000, 1040)), rng.choice((22, 80, 443, 8080))
    if rng.random() < 0.3:
        a, b, sport, dport = b, a, dport, sport
    protocol, transport = rng.choice(((6, made.tcp()), (17, made.udp())))
    if protocol == 6:
        transport = transport[:13] + bytes([rng.choice((2, 18, 16, 4, 20, 17))]) + transport[14:]
    transport = sport.to_bytes(2, "big") + dport.to_bytes(2, "big") + transport[4:]
    packet = made.ipv6(transport, protocol) if six else made.ipv4(transport, protocol)
    at, size = (8, 16) if six else (12, 4)
    packet = packet[:at] + a + b + packet[at + 2 * size:]
    return bytes(12) + (b"\x86\xdd" if six else b"\x08\x00") + packet


def wandering(rng, count):
    """Time goes on by bursts, silences, and now and then far back or ahead."""
    now, packets = 10**18, []
    for _ in range(count):
        now += rng.choice((10**6, 10**7, 10**8))
        if rng.random() < 0.01:
            now += rng.choice((9, 18, 40, 200, -3, -16, -18, -100)) * SECOND
        packets.append((now, frame(rng)))
    return packets


class HostEvents(programs.Test):
    def found(self, capture, *options):
        path = self.path("eve.json")
        done = engine("-r", capture, "--json", "--eve", path, *options, model="dt.q8")
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(path, encoding="ascii") as file:
            events = [json.loads(line) for line in file]
        os.unlink(path)
        return report(done), events

    def check(self, capture, thresholds, cells=2**16, rows=1, least=1):
        wanted = list(host_events.events(capture, thresholds, cells, rows))
        result, events = self.found(capture, "--eve-hosts", text(thresholds), "--hosts",
                                    f"{cells}:{rows}")
        told = [event for event in events if event["event_type"] == "host"]
        found = [{"timestamp": event["timestamp"], **event["host"]} for event in told]
        in_order = lambda rows: sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))
        self.assertEqual(in_order(found), in_order(wanted))
        self.assertGreaterEqual(len(found), least)
        self.assertEqual(result["events"]["events_lost"], {"verdict": 0, "flow": 0, "host": 0,
                                                           "other": 0})
        for event in told:
            side = "dest_ip" if event["host"]["feature"].startswith("responder") else "src_ip"
            self.assertEqual(event["host"]["ip"], event[side])
        return found

    def test_the_shipped_capture(self):
        self.check(MIXED, USUAL)
        found = self.check(MIXED, LOW, least=50)
        self.assertEqual({event["feature"] for event in found}, set(LOW))
        self.assertEqual({event["change"] for event in found}, {"begun", "ended"})
        self.check(MIXED, {"responder_sources": 10}, 2**10, 2)

    def test_times_that_wander(self):
        for seed in range(3):
            capture = self.write("wander.pcap", pcap(wandering(random.Random(seed), 2000)))
            found = self.check(capture, LOW, *((2**16, 1), (2**10, 2))[seed % 2], least=50)
            self.assertGreater(sum(event["change"] == "ended" for event in found), 20)

    def test_the_usual_thresholds(self):
        _, events = self.found(MIXED, "--eve-hosts", "default,initiator_ports=30")
        told = [event["host"] for event in events if event["event_type"] == "host"]
        wanted = list(host_events.events(MIXED, USUAL | {"initiator_ports": 30}))
        self.assertEqual(len(told), len(wanted))

    def test_the_rate_bounds_them(self):
        result, events = self.found(MIXED, "--eve-hosts", text(LOW), "--eve-rate", "10")
        told = [event["host"] for event in events if event["event_type"] == "host"]
        self.assertGreater(len(told), 5)
        for host in told:
            self.assertEqual("value" in host, host["change"] == "begun")
        self.assertGreater(result["events"]["left_out"]["host"], 5)
        self.assertEqual(result["events"]["written"], len(events))

    def test_nobody_is_told_of_who_was_not_asked_for(self):
        _, events = self.found(MIXED)
        self.assertNotIn("host", {event["event_type"] for event in events})

    def test_what_it_refuses(self):
        eve = ("--eve", self.path("x"))
        for value, words in (("peers=3", "initiator_peers"), ("initiator_peers", "NAME=N"),
                             ("initiator_peers=49", "49"), ("initiator_failed=0", "0"),
                             ("", "default"), ("default,", "default"),
                             ("service_failed=3", "NAME=N"), ("initiator_peers=4x", "4x")):
            self.assert_one_line(engine("-r", MIXED, *eve, "--eve-hosts", value, model="dt.q8"), 2,
                                 "--eve-hosts", words)
        for model in ("dt1.q8", "none"):
            self.assert_one_line(engine("-r", MIXED, *eve, "--eve-hosts", "default", model=model),
                                 2, "--eve-hosts", "feature set 2", model)
        self.assert_one_line(engine("-r", MIXED, "--eve-hosts", "default", model="dt.q8"), 2,
                             "--eve-hosts", "--eve")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
