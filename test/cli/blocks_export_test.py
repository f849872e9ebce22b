#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""`afxdp-engine blocks export` of what an engine has kept: as text, and as nft takes it."""

import json
import os
import subprocess
import sys
import time
import unittest

import programs
from programs import run

HOSTS = {"203.0.113.9": 500, "198.51.100.0": 7, "2001:db8::9": 90000}


class Export(programs.Test):
    def state(self, hosts):
        now = int(time.time())
        lines = [f"{host} {now + left}\n" for host, left in hosts.items()]
        return self.write("state", ("afxdp-engine blocks 1\n" + "".join(lines)).encode())

    def export(self, *options, hosts=None):
        done = run("afxdp-engine", "blocks", "export", "--state",
                   self.state(HOSTS if hosts is None else hosts), *options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.decode()

    def test_plain(self):
        self.assertEqual(self.export("--format", "plain", hosts={**HOSTS, "192.0.2.1": -1}),
                         "".join(f"{host}\n" for host in HOSTS))
        self.assertEqual(self.export("--format", "plain", hosts={}), "")

    def test_nftables(self):
        lines = self.export().splitlines()
        self.assertEqual(lines[:3], ["add table inet afxdp",
                                     "add set inet afxdp blocked4 { type ipv4_addr; flags timeout; }",
                                     "flush set inet afxdp blocked4"])
        self.assertRegex(lines[4], r"^\t203\.0\.113\.9 timeout (500|499|498)s,$")
        self.assertNotIn("add element", self.export(hosts={}))

    @unittest.skipIf(os.geteuid() != 0, "nft needs root")
    def test_nft_takes_it(self):
        """Twice, since a set that is there already is replaced."""
        text = self.export() + self.export()
        for hosts in (text, text + self.export(hosts={})):
            done = subprocess.run(["unshare", "-n", "sh", "-c", "nft -f - && nft -j list ruleset"],
                                  input=hosts, capture_output=True, text=True, timeout=30,
                                  check=False)
            if "Operation not supported" in done.stderr or "Protocol not supported" in done.stderr:
                self.skipTest("this kernel has no nftables")
            self.assertEqual(done.returncode, 0, done.stderr)
            sets = {item["set"]["name"]: {element["elem"]["val"]: element["elem"]["timeout"]
                                          for element in item["set"].get("elem", [])}
                    for item in json.loads(done.stdout)["nftables"] if "set" in item}
            if hosts is text:
                self.assertEqual({**sets["blocked4"], **sets["blocked6"]}.keys(), HOSTS.keys())
                self.assertLess(abs(sets["blocked6"]["2001:db8::9"] - 90000), 5)
            else:
                self.assertEqual(sets, {"blocked4": {}, "blocked6": {}})

    def test_refused(self):
        state = self.state(HOSTS)
        bad = self.write("bad", b"afxdp-engine blocks 1\n192.0.2.1\n")
        for words, why in (((), "should be: afxdp-engine blocks export"),
                           (("import",), "'import': should be export"),
                           (("export", "export"), "should be export"),
                           (("export", "--state", "/nowhere/x"), "/nowhere/x"),
                           (("export", "--state", bad), "line 2"),
                           (("export", "--state", state, "-i", "eth0"), "--state"),
                           (("export", "--state", state, "--format", "pf"), "nftables, plain")):
            self.assert_one_line(run("afxdp-engine", "blocks", *words), 2, why)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
