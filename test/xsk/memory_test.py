#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Under traffic of ever new flows memory stays flat, and no frame is lost to the engine itself.

AFXDP_LAB_SECONDS: how long (8; 60 is the bar that was set)."""

import os
import subprocess
import time

import lab

SECONDS = int(os.environ.get("AFXDP_LAB_SECONDS", "8"))
RATE = 50000
WARM_UP = 2


def resident(pid):
    """KiB of memory, and threads and open files."""
    with open(f"/proc/{pid}/status") as file:
        status = dict(line.split(":", 1) for line in file)
    return (int(status["VmRSS"].split()[0]), int(status["Threads"]),
            len(os.listdir(f"/proc/{pid}/fd")))


class Memory(lab.Test):
    def test_flat(self):
        here = self.lab("--two-ports")
        engine = here.engine("--iface", "eng0", "--bridge", "eng1", "--action", "attack=drop",
                             model=self.model("ports"))
        count = RATE * (SECONDS + WARM_UP)
        flood = here.start("gen", lab.GENERATE, "--iface", "gen0", "--count", str(count), "--rate",
                           str(RATE), "--flows", str(min(count, 1 << 24)), stdout=subprocess.DEVNULL)
        self.addCleanup(flood.kill)
        time.sleep(WARM_UP)
        pid = engine.process.pid
        samples = [resident(pid)]
        for _ in range(SECONDS):
            time.sleep(1)
            samples.append(resident(pid))
        flood.wait(timeout=60)
        report = engine.stop()
        sizes = [sample[0] for sample in samples]
        print(f"{SECONDS} s, {report['packets']} packets, {report['flows']} flows, "
              f"{report['evictions']} evicted: {sizes[0]} KiB at the start, {max(sizes)} at most, "
              f"{sizes[-1]} at the end")
        self.assertGreater(report["evictions"], 0)
        self.assertLessEqual(max(sizes) - sizes[0], 256, sizes)
        self.assertEqual({sample[1:] for sample in samples}, {samples[0][1:]})
        for queue in report["queues"]:
            self.assertEqual(lab.unexplained(queue), 0)
            self.assertEqual(queue["tx_unfinished"], 0)


if __name__ == "__main__":
    lab.main()
