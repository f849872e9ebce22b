#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every way to run the engine that a kernel has, on a port and inline: all is counted, and inline
all comes out. Prints a line for each, which matrix.py reads: `cell WAY: yes` or `cell WAY: NO`."""

import os
import subprocess
import time

import nic
import bridge_test
import lab

COUNT = 300 if nic.QUICK else 600
KERNEL = ("--datapath", "kernel")
WAYS = (
    ("copy", "none", ("--mode", "copy")),
    ("skb", "none", ("--mode", "skb")),
    ("none", "none", KERNEL),
    ("tree", "dt1.q8", KERNEL),
    ("forest", "forest", KERNEL),
    ("single", "nn1.q8", (*KERNEL, "--kernel-form", "single")),
    ("loops", "nn1.q8", (*KERNEL, "--kernel-form", "loops")),
    ("tailcall", "nn1.q8", (*KERNEL, "--kernel-form", "tailcall")),
)
# A form is the same program on every driver, and some drivers take seconds to go up again.
ON_NIC = ("copy", "skb", "tree", "single")


class Cells(bridge_test.Bytes):
    """Only its helpers."""

    test_identical = test_jumbo = test_jumbo_dropped = test_hairpin = None

    def run_through(self, here, model, *options):
        """The report, of `frames` sent."""
        engine = here.engine("--iface", "eng0", *options, model=model)
        for port in ("eng0", "eng1")[:1 + ("--bridge" in options)]:  # igb goes down to be attached to
            self.until(lambda: "LOWER_UP" in here.run("eng", "ip", "link", "show", port).stdout, 20)
        here.generate("--pcap", self.source, "--rate", "1500")
        time.sleep(0.5)
        return engine.stop()

    def single(self, here, model, *options):
        report = self.run_through(here, model, *options)
        other = sum(queue.get("xdp_other", 0) for queue in report["queues"])
        self.assertEqual(report["packets"] + other, COUNT)
        self.assertEqual(other + report["other"], sum(not nic.is_ip(each) for each in self.frames))

    def bridge(self, here, model, *options):
        came_file = self.path("came.pcap")
        dumpcap = self.recorded(here, came_file)
        report = self.run_through(here, model, "--bridge", "eng1", *options)
        dumpcap.terminate()
        dumpcap.wait(timeout=20)
        dumpcap.stderr.close()
        crossed = sum(queue.get("xdp_other", 0) for queue in report["queues"])
        self.assertEqual(report["endings"]["forwarded"] + crossed, COUNT)
        self.assertEqual(sorted(lab.frames_of(came_file)), sorted(self.frames))

    def test_cells(self):
        here = self.lab("--two-ports")
        self.frames = [nic.frame(i) for i in range(COUNT)]
        self.source = nic.write_pcap(self.path("source.pcap"), self.frames)
        failed = []
        for name, model, options in WAYS:
            if nic.DRIVER and name not in ON_NIC:
                continue
            if model == "forest":
                model = self.model("forest")
            elif model != "none":
                model = os.path.join(lab.ROOT, "models", model)
            for way in (self.single, self.bridge):
                begun = time.monotonic()
                try:
                    way(here, model, *options)
                    result = "yes"
                except (AssertionError, subprocess.TimeoutExpired) as error:
                    result = "NO"
                    failed.append(f"{name}, {way.__name__}: {error}")
                    for engine in here.engines:
                        engine.close()
                    here.engines.clear()
                print(f"cell {name}, {way.__name__}: {result}",
                      f"({time.monotonic() - begun:.0f} s)", flush=True)
        self.assertEqual(failed, [])


if __name__ == "__main__":
    os.umask(0o022)
    lab.main()
