#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""--eve over captures into Kafka and Redis: what they hold is what a file would, and what they don't is counted."""

import json
import sys
import unittest

import brokers
import programs
from programs import MIXED, engine, report


class Brokers(programs.Test):
    def run_into(self, target, *options, status=0):
        done = engine("-r", MIXED, "--json", "--eve", target, *options, model="dt.q8")
        self.assertEqual(done.returncode, status, done.stderr)
        told = report(done)["events"]
        self.assertEqual(told["produced"], told["written"] + told["undelivered"])
        return told, done.stderr.decode()

    def lines(self, *options):
        done = engine("-r", MIXED, "--eve", "-", *options, model="dt.q8")
        return done.stdout.decode().splitlines()

    def check_none_lost(self, told, wanted):
        self.assertEqual((told["produced"], told["undelivered"]), (len(wanted), 0))
        self.assertEqual(told["events_lost"], {"verdict": 0, "flow": 0, "host": 0, "other": 0})

    def test_kafka_holds_what_a_file_would(self):
        cluster = brokers.Kafka(self)
        told, _ = self.run_into(cluster.target)
        wanted = self.lines()
        self.check_none_lost(told, wanted)
        found = cluster.messages(len(wanted))
        self.assertEqual(sorted(value for _, value in found), sorted(wanted))
        of_key = {}
        for key, value in found:
            self.assertEqual(key, json.loads(value)["community_id"])
            of_key.setdefault(key, []).append(value)
        for line in wanted: # those of one key in order
            self.assertEqual(line, of_key[json.loads(line)["community_id"]].pop(0))

    def test_redis_holds_what_a_file_would(self):
        server = brokers.Redis(self)
        told, _ = self.run_into(server.target, "--eve-rate", "100")
        wanted = self.lines("--eve-rate", "100")
        self.check_none_lost(told, wanted)
        self.assertEqual(server.messages(), wanted)

    def test_brokers_that_are_away(self):
        """Each packet is in a flow that isn't reported, and one line says why."""
        for target, why in (("kafka:127.0.0.1:1/events",  # by whether librdkafka has had time to say it
                             "All broker connections are down|the brokers don't answer"),
                            ("redis:127.0.0.1:1/events", "the server doesn't answer")):
            told, said = self.run_into(target, status=1)
            self.assertEqual(told["written"], 0)
            self.assertGreater(told["undelivered"], 2000)
            self.assertEqual(told["events_lost"]["verdict"] + told["events_lost"]["flow"],
                             told["undelivered"])
            self.assertEqual(told["flows_unreported"]["packets"] + told["no_flow"]["packets"], 7472)
            self.assertIn(f"cannot write events to {target}: ", said)
            self.assertRegex(said, why)

    def test_what_it_refuses(self):
        for target, words in (("kafka:host:9092", "should be kafka:HOST:PORT[,HOST:PORT...]/TOPIC"),
                              ("redis:host:port/x", "should be redis:HOST[:PORT]/KEY")):
            for options in ((), ("--check",)):
                self.assert_one_line(engine("-r", MIXED, "--eve", target, *options), 2, target, words)


if __name__ == "__main__":
    if not brokers.REDIS:
        print("there is no redis-server: deps/install.sh check")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1], verbosity=1)
