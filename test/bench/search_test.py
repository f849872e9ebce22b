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


if __name__ == "__main__":
    unittest.main()
