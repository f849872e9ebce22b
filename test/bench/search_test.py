#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The search for the highest rate without loss comes near it, and near it only."""

import argparse
import pathlib
import sys
import unittest
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
import lossless


class Fake:
    """A system that takes `capacity` a second from a generator that gives `most`."""

    queues = 1

    def __init__(self, capacity, most, share=0.0):
        self.capacity, self.most, self.share, self.so_far, self.trials = capacity, most, share, 0, 0

    def taken(self, _):
        return self.so_far

    def memory(self):
        return None

    def send(self, count, *how):
        self.trials += 1
        asked = how[how.index("--rate") + 1] if "--rate" in how else self.most
        rate = min(asked, self.most)
        self.so_far += int(count * min(1, self.capacity / rate) * (1 - self.share))
        return [{"sent": count, "rate": rate, "seconds": count / rate}]


class Search(unittest.TestCase):
    def search(self, *fake, tolerance=0.001):
        system = Fake(*fake)
        options = argparse.Namespace(seconds=1, tolerance=tolerance)
        with mock.patch.object(lossless, "DRAIN", 0):
            return lossless.Trials(system, system, options, 60).search(), system.trials

    def test_comes_near(self):
        for capacity in (60_000, 333_333, 999_999, 1_900_000):
            row, trials = self.search(capacity, 2_000_000)
            self.assertLessEqual(row["lossless_pps"], capacity * 1.002)
            self.assertGreater(row["lossless_pps"], capacity - lossless.NEAR * 2_000_000)
            self.assertAlmostEqual(row["pps"], capacity, delta=2)
            self.assertEqual(row["offered_pps"], 2_000_000)
            self.assertLessEqual(trials, 1 + 2 * lossless.TRIALS_MOST)

    def test_takes_all(self):
        row, trials = self.search(9_000_000, 2_000_000)
        self.assertEqual((row["lossless_pps"], row["pps"], trials), (2_000_000, 2_000_000, 1))

    def test_always_loses(self):
        self.assertEqual(self.search(9_000_000, 2_000_000, 0.01)[0]["lossless_pps"], 0)

    def test_tolerance(self):
        self.assertEqual(self.search(9_000_000, 2_000_000, 0.01, tolerance=0.02)[0]["lossless_pps"],
                         2_000_000)


class Tables(unittest.TestCase):
    def test_measures_once(self):
        """The same system, lab and size in three tables."""
        one, two = mock.Mock(), mock.Mock()
        one.name, two.name = "network", "tree"
        cases = [("system", "network", one, "plain", 60), ("system", "tree", two, "plain", 60),
                 ("size", "64 bytes", one, "plain", 60), ("size", "128 bytes", one, "plain", 124),
                 ("queues", "1 queue", one, "plain", 60), ("queues", "2 queues", one, "two", 60),
                 ("traffic", "flood", one, "plain", 60, "--syn-flood", "50")]

        def measure(cases, *_):
            return [{"table": case[0], "what": case[1], "pps": number} for number, case in enumerate(cases)]

        with mock.patch.object(lossless, "measure", side_effect=measure):
            rows = list(lossless.measure_once(cases, argparse.Namespace(rounds=1)))
        self.assertEqual([(row["table"], row["what"]) for row in rows], [case[:2] for case in cases])
        self.assertEqual([row["pps"] for row in rows], [0, 1, 0, 2, 0, 3, 4])


if __name__ == "__main__":
    unittest.main()
