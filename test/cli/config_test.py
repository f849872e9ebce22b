#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""--config and --check: what a file says counts as if typed, every mistake in it is one line that
names file and line, and a check looks at no interface."""

import os
import re
import shutil
import subprocess
import sys
import unittest

import programs
from programs import MIXED, engine, report, run

NOWHERE = ("--iface", "nowhere0")


class Config(programs.Test):
    def config(self, text):
        return self.write("engine.conf", text if isinstance(text, bytes) else text.encode())

    def refused(self, text, says, *arguments):
        path = self.config(text)
        done = run("afxdp-engine", "--config", path, *arguments)
        self.assert_one_line(done, 2, says)
        self.assertEqual(done.stdout, b"")
        return done.stderr.decode()

    def test_what_it_says_counts(self):
        path = self.config(f"# all of it\nmodel = nn.q8\npcap = {MIXED}  # a capture\n"
                           "packets = 100\naction = flood=drop\naction = other=count\n")
        result = report(run("afxdp-engine", "--json", "--config", path))
        self.assertEqual(result["model"]["kind"], "nn")
        self.assertGreaterEqual(result["packets"], 100)
        self.assertLess(result["packets"], 7472)  # all of it

    def test_it_is_never_written_over(self):
        path = self.path("engine.conf")
        text = f"model = nn.q8\npcap = {MIXED}\nverdicts = {path}\n"
        self.refused(text, "the file of --config too")
        self.assertEqual(self.read("engine.conf"), text)

    def test_the_command_line_wins(self):
        """Wherever --config stands."""
        path = self.config("model = nn.q8\npackets = 100\n")
        for arguments in (("--config", path, "--packets", "5000"),
                          ("--packets", "5000", "--config", path)):
            self.assertGreaterEqual(report(run("afxdp-engine", "--json", *arguments, "-r", MIXED))["packets"],
                                    5000)

    def test_mistakes_in_a_line(self):
        for line, says in (
                ("frobnicate = 3", "unknown option 'frobnicate'"),
                ("--flows = 3", "unknown option '--flows'"),
                ("flows 3", "unknown option 'flows 3'"),
                ("flows = 0", "--flows 0: "),
                ("flows = 99999999999999999999", "--flows "),
                ("flows = 1k", "not a whole number"),
                ("flows =", "flows has no value: flows = N"),
                ("flows", "flows has no value: flows = N"),
                ("min-confidence = 1001", "0 to 1000"),
                ("min-confidence = -1", "not a whole number"),
                ("datapath = user", "afxdp"),
                ("fail-closed = maybe", "fail-closed"),
                ("action = flood", "CLASS=drop|forward|count"),
                ("bypass = tcp/65536", "bypass"),
                ("bypass = 10.0.0.1/8", "--bypass: 10.0.0.1/8 has bits behind its length"),
                ("deny = 10.0.0.0/33", "--deny: '10.0.0.0/33' is no prefix"),
                ("allow = @/nowhere", "--allow: cannot open /nowhere"),
                ("model = other.q8", "model stands on line 1 already"),
                ("x" * 5000, "too long a line"),
                (b"flows = 1\0", "holds a NUL")):
            with self.subTest(line=line[:40]):
                line = line if isinstance(line, bytes) else line.encode()
                said = self.refused(b"model = none\n\n" + line + b"\n", says, "--pcap", MIXED)
                if b"action" not in line: # its words are checked against the model's classes
                    self.assertIn("engine.conf, line 3: ", said)

    def test_mistakes_of_the_whole(self):
        for text, arguments, says in (
                ("", ("-r", MIXED), "no model"),
                (f"model = none\npcap = {MIXED}\niface = lo\n", (), "only one of them"),
                ("model = none\nbridge = b\nhairpin = yes\niface = a\n", (), "only one of them"),
                (f"model = none\npcap = {MIXED}\nqueues = 2\n", (), "--queues has no meaning with --pcap"),
                ("model = none\niface = nowhere0\ndatapath = kernel\nspin = 1\n", (),
                 "--spin has no meaning with --datapath kernel"),
                ("model = none\niface = nowhere0\nkernel-form = loops\n", (),
                 "--kernel-form has no meaning with --datapath afxdp"),
                ("model = none\niface = nowhere0\nleave-open\n", (), "--leave-open is for a wire"),
                ("model = /nonexistent/x.q8\n", ("-r", MIXED), "/nonexistent/x.q8"),
                ("model = none\n" + "# comment\n" * 110000, ("-r", MIXED), "longer than")):
            with self.subTest(text=text[:60]):
                self.refused(text, says, *arguments)
                self.refused(text, says, *arguments, "--check")

    def test_files_that_are_none(self):
        for path, says in (("/nonexistent/engine.conf", "cannot open /nonexistent/engine.conf: No such"),
                           (self.folder, "is a folder"), ("", "cannot open"),
                           ("/dev/zero", "holds a NUL")):
            with self.subTest(path=path):
                self.assert_one_line(run("afxdp-engine", "--config", path, "-m", "none", "-r", MIXED),
                                     2, says)


class Check(programs.Test):
    def test_sound(self):
        """An interface need not be there, nor need the capture."""
        for arguments in (NOWHERE, (*NOWHERE, "--bridge", "nowhere1", "--fail-closed"),
                          (*NOWHERE, "--datapath", "kernel", "--queues", "2"),
                          ("--pcap", "/nonexistent.pcap")):
            with self.subTest(arguments=arguments):
                done = engine(*arguments, "--check", model="nn.q8")
                self.assertEqual((done.returncode, done.stderr), (0, b""))
                self.assertEqual(done.stdout.decode(),
                                 "afxdp-engine: the options and the model are sound\n")

    def test_mistakes(self):
        for arguments, says in (((*NOWHERE, "--action", "nobody=drop"), "no class 'nobody'"),
                                ((*NOWHERE, "--watchdog", "5"), "--watchdog 5"),
                                ((*NOWHERE, "--frame-size", "9999"), "--frame-size"),
                                ((*NOWHERE, "--datapath", "kernel", "--mode", "copy"), "--mode copy")):
            with self.subTest(arguments=arguments):
                self.assert_one_line(engine(*arguments, "--check", model="nn.q8"), 2, says)

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    def test_touches_no_interface(self):
        """No socket to ask the kernel by, no BPF, no claim."""
        log = self.path("calls")
        done = subprocess.run(["strace", "-f", "-o", log, "-e", "trace=socket,ioctl,bpf,open,openat",
                               os.path.join(programs.BIN, "afxdp-engine"), "--iface", "lo", "--model",
                               "nn.q8", "--check"], capture_output=True, timeout=60, check=False)
        if done.returncode != 0 and b"ptrace" in done.stderr:
            self.skipTest("strace may not trace here")
        self.assertEqual(done.returncode, 0, done.stderr)
        calls = self.read("calls")
        self.assertIn("nn.q8", calls)
        for line in calls.splitlines():
            self.assertIsNone(re.search(r"socket\(|bpf\(|/sys/class/net|/run/afxdp|SIOC", line), line)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
