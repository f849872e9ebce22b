#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What drivers can't do is said, with the reason, and everything else goes on."""

import os
import time

import nic
import lab


class Limits(lab.Test):
    def arrives(self, here, engine, count=200):
        sent = here.generate("--count", str(count), "--rate", "500")["sent"]
        time.sleep(0.5)
        report = engine.stop()
        self.assertEqual((report["packets"], report["malformed"]), (sent, 0))
        return report

    def test_virtio_net_default(self):
        """Zero-copy needs iommu_platform=on, and the message says so; auto copies."""
        here = self.lab()
        status, said = here.refused("--iface", "eng0", "--mode", "zerocopy")
        self.assertEqual(status, 2, said)
        self.assertIn("iommu_platform=on", said)
        self.assertNotIn("has no queue", said)
        self.assertEqual(self.arrives(here, here.engine("--iface", "eng0"))["mode"], "copy")

    def test_vmxnet3(self):
        """No room before a frame for its arrival time: said once enough came, and counted."""
        here = self.lab()
        status, said = here.refused("--iface", "eng0", "--mode", "zerocopy")
        self.assertEqual(status, 2, said)
        engine = here.engine("--iface", "eng0", "--queues", "1")
        self.assertNotIn("get one time", engine.stderr())
        report = self.arrives(here, engine, 2000)
        self.assertEqual(report["mode"], "copy")
        self.assertEqual(sum(queue.get("unstamped", 0) for queue in report["queues"]), report["packets"])
        self.assertIn("warning: eng0: its driver vmxnet3 has no room for arrival times before a "
                      "frame: packets of a burst get one time", engine.stderr())

    def test_e1000e(self):
        """No native XDP."""
        here = self.lab()
        status, said = here.refused("--iface", "eng0", "--mode", "zerocopy")
        self.assertEqual(status, 2, said)
        print(said, flush=True)
        self.assertEqual(self.arrives(here, here.engine("--iface", "eng0", "--mode", "skb"))["mode"],
                         "skb")


for name in [name for name in dir(Limits) if name.startswith("test_")]:
    if name != f"test_{nic.DRIVER}":
        setattr(Limits, name, None)


if __name__ == "__main__":
    os.umask(0o022)
    lab.main()
