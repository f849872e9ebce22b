#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Command lines: help that names every option, and one line for every mistake."""

import pathlib
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
            for option in ("--version", "-V"):
                done = run(program, option)
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
            ("-m", "none", "-r", MIXED, "stray"): "cannot read capture stray",
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
            ("-m", "none", "-r", MIXED, "--bridge", "eth9"): "--bridge has no meaning with --pcap",
            ("-m", "none", "-r", MIXED, "--action", "other=drop", "--action", "other=count"):
                "has an action already",
        }
        for arguments, part in mistakes.items():
            with self.subTest(arguments=arguments):
                done = run("afxdp-engine", *arguments)
                self.assert_one_line(done, 2, part)
                self.assertEqual(done.stdout, b"")

    def test_mistakes_in_what_an_engine_is_told(self):
        """Found before any engine is asked."""
        mistakes = {
            (): "no command",
            ("stats", "now"): "takes no argument",
            ("blocks",): "list, flush, add ADDRESSES SECONDS or del ADDRESSES",
            ("blocks", "ad", "192.0.2.1", "5"): "list, flush, add",
            ("blocks", "add", "192.0.2.1"): "blocks add needs ADDRESSES or @FILE, and SECONDS",
            ("blocks", "add", "192.0.2.1", "0"): "'0' should be seconds",
            ("blocks", "add", "192.0.2.1", "5m"): "'5m' should be seconds",
            ("blocks", "add", "192.0.2.1", "99999999999999999999"): "should be seconds",
            ("blocks", "del"): "blocks del needs ADDRESSES",
            ("blocks", "flush", "192.0.2.1"): "blocks flush needs nothing more",
            ("blocks", "add", "192.0.2.1", "5", "6"): "one command at a time",
        }
        for words, part in mistakes.items():
            with self.subTest(words=words):
                self.assert_one_line(run("afxdp-engine", "ctl", *words), 2, part)

    def test_a_capture_needs_no_option(self):
        for words in ((MIXED, "-m", "none"), ("-m", "none", MIXED), ("-m", "none", "-r", MIXED)):
            done = run("afxdp-engine", *words, "--json")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(b'"packets": 7472,', done.stdout)
        capture = self.write("a.pcap", pathlib.Path(MIXED).read_bytes())
        self.assert_one_line(run("afxdp-engine", capture, "-m", "none", "--verdicts", capture), 2,
                             "--verdicts")
        self.assert_one_line(run("afxdp-engine", MIXED, "-m", "none", "--bridge", "eth9"), 2,
                             "--bridge has no meaning with --pcap")

    def test_mistakes_of_the_extractor(self):
        mistakes = {
            (): "no capture",
            (MIXED, "stray"): "cannot read capture stray",
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

    def test_input_is_never_written_over(self):
        capture = self.write("a.pcap", pathlib.Path(MIXED).read_bytes())
        model = self.write("nn.q8", pathlib.Path(programs.ROOT, "models", "nn.q8").read_bytes())
        rows = self.write("rows.csv", b"x")
        for arguments, part in (
                (("afxdp-engine", "-m", "none", "-r", capture, "--verdicts", capture), "--pcap"),
                (("afxdp-engine", "-m", model, "-r", MIXED, "--verdicts", model), "--model"),
                (("afxdp-engine", "-m", model, "--config", rows, "--verdicts", rows), "--config"),
                (("afxdp-features", capture, "-o", capture), "overwritten"),
                (("afxdp-features", MIXED, "--labels", rows, "-o", rows), "--labels"),
                (("afxdp-model", "eval", model, rows, "--verdicts", rows), "overwritten"),
                (("afxdp-model", "code", rows, "-o", rows), "overwritten"),
                (("afxdp-model", "import", model, "--calibrate", rows, "-o", model), "overwritten"),
                (("afxdp-generate", "-i", "lo", "--pcap", capture, "--record", capture), "--pcap")):
            with self.subTest(arguments=arguments):
                self.assert_one_line(run(*arguments), 2, part)
        self.assertEqual(pathlib.Path(capture).read_bytes(), pathlib.Path(MIXED).read_bytes())
        self.assertEqual(self.read("rows.csv"), "x")

    def test_no_capture_of_a_folder_is_written_over(self):
        folder = pathlib.Path(self.path("captures"))
        folder.mkdir()
        one, ring = folder / "a.pcap", folder / "b.0.pcap"
        rows = folder / "a.pcap.csv"
        for capture in (one, ring, rows):
            capture.write_bytes(pathlib.Path(MIXED).read_bytes())
        ringed = ("--write", folder / "b.pcap", "--write-max", "1M", "--write-files", "2")
        for arguments, part in (
                (("afxdp-engine", "-m", "none", "-r", folder, "--verdicts", one), "overwritten"),
                (("afxdp-engine", "-m", "none", "-r", folder, "--eve", one), "overwritten"),
                (("afxdp-engine", "-m", "none", "-r", folder, "--write", one), "overwritten"),
                (("afxdp-engine", "-m", "none", "-r", folder, *ringed), "overwritten"),
                (("afxdp-engine", "-m", "none", "-r", ring, *ringed), "--pcap"),
                (("afxdp-engine", "-m", "none", "-r", folder, "--each", "--verdicts", folder),
                 "overwritten"),
                (("afxdp-features", folder, "-o", one), "overwritten"),
                (("afxdp-features", folder, "--each", "-o", folder), "overwritten")):
            with self.subTest(arguments=arguments):
                self.assert_one_line(run(*map(str, arguments)), 2, part)
        for capture in (one, ring, rows):
            self.assertEqual(capture.read_bytes(), pathlib.Path(MIXED).read_bytes())

    def test_mistakes_of_the_generator(self):
        for arguments, part in ((("--pcap", MIXED, "--count", "3"), "--count: only one of them"),
                                (("--pcap", MIXED, "--live"), "--live: only one of them"),
                                (("--trailer-time", "--live"), "--live: only one of them"),
                                (("--longest", "99"), "without --pcap"),
                                (("--record", "x"), "without --pcap"), ((), "no interface")):
            with self.subTest(arguments=arguments):
                self.assert_one_line(run("afxdp-generate", *arguments), 2, part)

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
