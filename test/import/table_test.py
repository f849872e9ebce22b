#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The table of docs/onnx.md has a row for each case of measure.py, and its results keep the case's
bound. The figures themselves come from the test import_frameworks."""

import os
import re
import unittest

import measure


class Table(unittest.TestCase):
    def test_rows_are_the_cases(self):
        with open(os.path.join(measure.ROOT, "docs", "onnx.md"), encoding="utf-8") as file:
            text = file.read().split("## What was tried", 1)[1].split("\n## ", 1)[0]
        rows = [[cell.strip() for cell in line.strip("|").split("|")]
                for line in text.splitlines() if line.startswith("|")][2:]
        self.assertEqual([row[:3] for row in rows], [list(case[:3]) for case in measure.CASES])
        for row, case in zip(rows, measure.CASES):
            with self.subTest(row[:3]):
                if case[3] is None:
                    self.assertRegex(row[3], r"^0 different$|^\d+ different, all ties$")
                else:
                    share = re.fullmatch(r"([\d.]+) % the same", row[3])
                    self.assertIsNotNone(share, row[3])
                    self.assertGreaterEqual(float(share.group(1)), case[3])
                self.assertRegex(row[4], r"^\d+ different$|^[\d.]+ % the same$"
                                 if "ONNX" in case[2] or "onnx" in case[2] else "^–$")


if __name__ == "__main__":
    unittest.main()
