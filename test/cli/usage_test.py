#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Command lines: help that names every option, and one line for every mistake."""

import sys
import unittest

import programs
from programs import MIXED, engine, run


class Usage(programs.Test):
    def test_help(self):
        for program, options in (("afxdp-engine", ("--pcap", "--model", "--action", "--verdicts",
                                                   "--min-confidence", "--flow-timeout", "--json",
                                                   "--flows", "--flow-seed", "--version")),
                                 ("afxdp-features", ("--output", "--label", "--labels",
                                                     "--unlabelled", "--flow-timeout"))):
            for option in ("--help", "-h"):
                done = run(program, option)
                self.assertEqual((done.returncode, done.stderr), (0, b""))
                self.assertTrue(done.stdout.startswith(b"usage: " + program.encode()))
                for name in options:
                    self.assertIn(name.encode(), done.stdout)
            widest = max(len(line) for line in done.stdout.decode().splitlines())
            self.assertLessEqual(widest, 100)

    def test_version(self):
        for program in ("afxdp-engine", "afxdp-features"):
            done = run(program, "--version")
            self.assertEqual(done.returncode, 0)
            self.assertRegex(done.stdout.decode(), rf"^{program} \d+\.\d+\.\d+\n$")

    def test_mistakes_of_the_engine(self):
        mistakes = {
            ("-r", MIXED): "--model",
            ("-m", "none", "--pcap"): "--pcap needs a value",
            ("-m", "none", "-r"): "-r needs a value",
            ("-m", "none", "-r", MIXED, "--frobnicate"): "--frobnicate",
            ("-m", "none", "-r", MIXED, "-X"): "-X",
            ("-m", "none", "-r", MIXED, "--json=yes"): "--json=yes",
            ("-m", "none", "-r", MIXED, "stray"): "'stray'",
            ("-m", "none", "-r", MIXED, "--min-confidence", "1001"): "0 to 1000",
            ("-m", "none", "-r", MIXED, "--min-confidence", "-1"): "not a whole number",
            ("-m", "none", "-r", MIXED, "--flows", "0"): "--flows 0",
            ("-m", "none", "-r", MIXED, "--flows", "99999999999999999999"): "--flows",
            ("-m", "none", "-r", MIXED, "--flows", "1k"): "not a whole number",
            ("-m", "none", "-r", MIXED, "--flow-timeout", ""): "not a whole number",
            ("-m", "none", "-r", MIXED, "--action", "flood"): "CLASS=drop|forward|count",
            ("-m", "none", "-r", MIXED, "--action", "flood=drop"):
                "no class 'flood'; there are unclassified, unsure, other, malformed",
            ("-m", "none", "-r", MIXED, "--action", "other=reject"): "no action 'reject'",
            ("-m", "none", "-r", MIXED, "--json", "--verdicts", "-"): "standard output",
            ("-m", "none", "-r", MIXED, "--verdicts", "/nonexistent/v"): "/nonexistent/v",
        }
        for arguments, part in mistakes.items():
            with self.subTest(arguments=arguments):
                done = run("afxdp-engine", *arguments)
                self.assert_one_line(done, 2, part)
                self.assertEqual(done.stdout, b"")

    def test_mistakes_of_the_extractor(self):
        mistakes = {
            (): "no capture",
            (MIXED, MIXED): "one capture",
            (MIXED, "--label", "a,b"): "not a label",
            (MIXED, "--label", "a", "--labels", "b"): "only one",
            (MIXED, "--unlabelled", ""): "not a label",
            (MIXED, "-o"): "-o needs a value",
            (MIXED, "-o", "/nonexistent/f"): "/nonexistent/f",
            ("-", "--labels", "-"): "standard input",
        }
        for arguments, part in mistakes.items():
            with self.subTest(arguments=arguments):
                self.assert_one_line(run("afxdp-features", *arguments), 2, part)

    def test_broken_models(self):
        models = {"empty": b"", "text": b"not a model\n" * 100, "zeros": bytes(5000)}
        for name, data in models.items():
            path = self.write(name, data)
            done = engine("-r", MIXED, "--json", model=path)
            self.assert_one_line(done, 2, path)
            self.assertEqual(done.stdout, b"")
        for path in (self.folder, "/nonexistent/nn.q8", "nonexistent.q8", "/dev/zero", "x" * 600):
            self.assert_one_line(engine("-r", MIXED, model=path), 2, path[:20])

    def test_a_name_with_control_characters_stays_one_line(self):
        self.assert_one_line(run("afxdp-engine", "-m", "none", "-r", "no\nsuch\x1b[31m"), 2, "no?such")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
