#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The README's table of numbers is made from a report's rows, and nothing else in it changes."""

import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))
import report_readme


def found():
    classify = [{"what": what, "variant": variant, "batch": batch, "ns": ns * 64 / batch}
                for what, ns in (("nn 12-32-32-5", 4.14), ("nn 12-16-16-2", 1.82), ("dt depth 10", 9.96))
                for variant in ("avx512vbmi", "avx2", "scalar", "interleaved") for batch in (1, 64)]
    others = [{"what": what, "runtime": runtime, "batch": batch, "ns": 1527.2}
              for what, runtime in (("dt depth 10", "scikit-learn tree_.apply"),
                                    ("xgboost 5 x depth 10", "XGBoost C API"),
                                    ("xgboost 5 x depth 10", "afxdp-engine avx512vbmi"),
                                    ("xgboost 5 x depth 10", "afxdp-engine interleaved"))
              for batch in (64, 4096)]
    kernel = [{"what": what, "variant": variant, "flows": flows, "ns": ns}
              for what in ("dt depth 10", "nn 12-16-16-2", "nn 12-32-32-5", "dt of 28 depth 10",
                           "nn 28-32-32-5")
              for variant, ns in (("single", 77.0), ("loops", 99.0)) for flows in (1024, "new")]
    pipeline = [{"what": what, "flows": flows, "ns": 40.9}
                for what in ("nn", "nn of 28") for flows in (1000, 1000000, "new")]
    return {"classify": ({"rows": classify}, None), "alternatives": ({"rows": others}, None),
            "kernel": ({"rows": kernel}, None), "pipeline": ({"rows": pipeline}, None)}


class Readme(unittest.TestCase):
    text = (ROOT / "README.md").read_text()

    def test_only_numbers_change(self):
        after = report_readme.replaced(self.text, found())
        was, now = self.text.splitlines(), after.splitlines()
        self.assertEqual(len(was), len(now))
        changed = [i for i, (a, b) in enumerate(zip(was, now)) if a != b]
        self.assertTrue(changed)
        for i in changed: # what was measured keeps its words
            self.assertEqual(was[i].split("|")[1], now[i].split("|")[1])
        self.assertIn("| network 12-32-32-5, batch of 64 | 4.1 with AVX-512, 4.1 with AVX2", after)
        self.assertIn("| tree of depth 10, batch of 64 | 10 with AVX-512, 10 on any CPU | "
                      "scikit-learn's `tree_.apply`: 1,527, in batches of 4,096: 1,527 |", after)
        self.assertIn("| inside XDP: network 12-16-16-2 | 77 | |", after)
        self.assertIn("network 28-32-32-5 | 41, 41, 41 | |", after)
        self.assertEqual(report_readme.replaced(after, found()), after)

    def test_says_what_is_missing(self):
        less = {**found(), "kernel": (None, "no root")}
        with self.assertRaisesRegex(ValueError, "kernel: no root"):
            report_readme.replaced(self.text, less)
        less = {**found(), "pipeline": ({"rows": []}, None)}
        with self.assertRaisesRegex(ValueError, "pipeline: no row with"):
            report_readme.replaced(self.text, less)
        with self.assertRaisesRegex(ValueError, "no table"):
            report_readme.replaced("# Nothing", found())


if __name__ == "__main__":
    unittest.main()
