#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Which Suricata is measured, what is said of one that can't be, and that its own counters have to
agree with the interface's."""

import os
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))
import suricata
import systems

FAKE = """#!/bin/sh
[ "$1" = -V ] && echo "This is Suricata version {version} RELEASE" && exit
echo "  AF_PACKET support:                       yes"
echo "  {af_xdp}"
"""


class Installed(unittest.TestCase):
    def missing(self, version=None, af_xdp=""):
        with tempfile.TemporaryDirectory() as folder:
            if version:
                path = pathlib.Path(folder, "suricata")
                path.write_text(FAKE.format(version=version, af_xdp=af_xdp))
                path.chmod(0o755)
            with mock.patch.dict(os.environ, {"PATH": f"{folder}:/bin" if version else folder}):
                return suricata.missing(), suricata.version()

    def test_none(self):
        why, version = self.missing()
        self.assertIn("suricata is not installed (Debian 12: suricata of bookworm-backports)", why)
        self.assertIsNone(version)

    def test_without(self):
        for version, af_xdp in (("6.0.10", ""), ("7.0.3", "AF_XDP support:      no")):
            why, _ = self.missing(version, af_xdp)
            self.assertIn(f"suricata {version} has none; 7.0 or newer, built with libxdp", why)

    def test_with(self):
        self.assertEqual(self.missing("7.0.10", "AF_XDP support:      yes"), (None, "7.0.10"))


class Counters(unittest.TestCase):
    def cleared(self, put, lines):
        """What is left to say after `put` packets came into its ring."""
        with mock.patch.object(suricata, "version", return_value="7.0.10"):
            system = systems.Suricata()
        with mock.patch.object(system, "taken", side_effect=(1000, 1000 + put)):
            system.prepare(None)
            if lines is not None:
                pathlib.Path(system.folder.name, "statistics.json").write_text(lines)
            system.clear(None)
        self.assertFalse(os.path.exists(system.folder.name))
        return system.counted()

    def test_agree(self):
        line = '{"stats": {"capture": {"afxdp_packets": %d, "kernel_drops": 7}}}\n'
        for put in (5000, 5000 + suricata.RING): # the rest lay in its ring when it ended
            self.assertEqual(self.cleared(put, line % 1 + line % 5000),
                             {"own_packets": 5000, "own_dropped": 7})
        for put in (4999, 5001 + suricata.RING):
            with self.assertRaises(SystemExit) as failed:
                self.cleared(put, line % 5000)
            self.assertIn(f"read 5000 packets of {put}", str(failed.exception))

    def test_never_ran(self):
        for lines in (None, ""):
            self.assertEqual(self.cleared(0, lines), {})


if __name__ == "__main__":
    unittest.main()
