#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""docs/rights.md is right: what each datapath needs, by taking one capability away at a time, and
that no thread which touches packets holds any."""

import glob
import os
import pathlib
import re
import signal

import lab

DATAPATHS = ("afxdp", "kernel")


def table():
    """capability -> (needed by afxdp, needed by kernel), as the page says."""
    text = pathlib.Path(lab.ROOT, "docs", "rights.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `CAP_(\w+)` \| (yes|no) \| (yes|no) \|", text, re.M)
    return {name.lower(): (afxdp == "yes", kernel == "yes") for name, afxdp, kernel in rows}


class Rights(lab.Test):
    def start(self, here, datapath, capabilities):
        """An engine with these capabilities and no others, and little packet memory."""
        kept = "".join(f",+{name}" for name in capabilities)
        prefix = ("setpriv", "--no-new-privs", f"--bounding-set=-all{kept}", "--inh-caps=-all")
        rings = ("--ring-rx", "256", "--ring-tx", "256", "--ring-fill", "512") if datapath == "afxdp" else ()
        return here.engine("--iface", "eng0", "--bridge", "eng1", "--datapath", datapath, *rings,
                           model=self.model("forward"), wait=False, prefix=prefix)

    def test_the_table(self):
        here, needs = self.lab("--two-ports"), table()
        self.assertEqual(len(needs), 4)
        for column, datapath in enumerate(DATAPATHS):
            for gone in (None, *needs):
                with self.subTest(datapath=datapath, gone=gone):
                    engine = self.start(here, datapath, [name for name in needs if name != gone])
                    if gone is None or not needs[gone][column]:
                        engine.wait_for(": running")
                        self.assertEqual(here.ping(2, interval=0.05), 2)
                        engine.signal(signal.SIGHUP)
                        engine.wait_for("is at work") # a model can be replaced with them, too
                        engine.stop()
                    else:
                        self.assertEqual(engine.end(), 2)
                        said = engine.stderr()
                        self.assertRegex(said, f"CAP_{gone.upper()}")
                    self.assertIsNone(here.attached())

    def test_who_holds_any(self):
        for datapath in DATAPATHS:
            with self.subTest(datapath=datapath):
                here = self.lab("--two-ports")
                outputs = {"afxdp": ("--eve", "kafka:127.0.0.1:1/events"),
                           "kernel": ("--verdicts", self.path("verdicts"))}
                engine = here.engine("--iface", "eng0", "--bridge", "eng1", "--datapath", datapath,
                                     *outputs[datapath], "--metrics", "0", model=self.model("forward"))
                pid, holders = engine.process.pid, []
                for path in glob.glob(f"/proc/{pid}/task/*/status"):
                    status = pathlib.Path(path).read_text(encoding="ascii")
                    held = int(re.search(r"^CapEff:\s*(\w+)", status, re.M)[1], 16)
                    held |= int(re.search(r"^CapPrm:\s*(\w+)", status, re.M)[1], 16)
                    if held:
                        holders.append(int(path.split("/")[4]))
                        continue
                    self.assertIn("NoNewPrivs:\t1", status)
                self.assertEqual(holders, [pid])
                threads = len(os.listdir(f"/proc/{pid}/task"))
                self.assertGreaterEqual(threads, 5 if datapath == "afxdp" else 4)
                self.assertEqual(here.ping(3, interval=0.05), 3)
                engine.signal(signal.SIGTERM)
                self.assertEqual(engine.end(), 1 if datapath == "afxdp" else 0)
                self.assertIn("" if datapath == "kernel" else "All broker connections are down",
                              engine.stderr())


if __name__ == "__main__":
    lab.main()
