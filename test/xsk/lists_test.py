#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""--allow and --deny: what is denied never reaches a worker, what is allowed is never touched, each
packet in one counter; changed under traffic without a gap; gone with the engine."""

import ipaddress
import random
import time

import lab

DATAPATHS = (("--datapath", "afxdp", "--consume"), ("--datapath", "kernel"),
             ("--datapath", "kernel", "--tunnels", "auto"))
GENERATED = "10.0.0.0/8"  # where afxdp-generate's frames come from


def total(report, name):
    return sum(queue[name] for queue in report["queues"])


class Lists(lab.Test):
    def ctl(self, here, *words, check=True):
        return here.run("eng", lab.ENGINE, "ctl", *words, check=check)

    def test_denied_flood(self):
        """The workers, or the model, see none of it."""
        for datapath in DATAPATHS:
            with self.subTest(datapath=datapath):
                here = self.lab()
                engine = here.engine("--iface", "eng0", *datapath, "--deny", GENERATED)
                sent = here.generate("--count", "20000", "--rate", "100000")["sent"]
                report = engine.stop()
                self.assertEqual(total(report, "xdp_denied"), sent)
                self.assertEqual(report["packets"], 0)
                self.assertEqual(sum(queue.get("xdp_redirected", 0) for queue in report["queues"]), 0)
                self.assertNotIn("nothing is dropped", engine.stderr())

    def test_a_host_on_either_list(self):
        for datapath in DATAPATHS:
            with self.subTest(datapath=datapath):
                here = self.lab()
                engine = here.engine("--iface", "eng0", *datapath, "--deny", "10.77.0.0/16,::/0",
                                     "--allow", "10.77.0.1")
                self.assertEqual(here.ping(), 1)
                self.ctl(here, "allow", "del", "10.77.0.1")
                self.assertEqual(here.ping(), 0)
                with open(self.path("list"), "w", encoding="ascii") as file:
                    file.write("# ours\n192.0.2.0/24\n10.77.0.2 ; either endpoint\n")
                self.ctl(here, "allow", "replace", "@" + self.path("list"))
                self.assertEqual(here.ping(), 1)
                self.assertIn("by user 0", engine.stderr())
                for words, says in ((("deny", "del", "203.0.113.0/24"), "isn't in the list"),
                                    (("deny", "add", "203.0.113.1/24"), "has bits behind"),
                                    (("deny", "add", "@/nowhere"), "cannot find /nowhere")):
                    done = self.ctl(here, *words, check=False)
                    self.assertEqual(done.returncode, 1)
                    self.assertIn(says, done.stderr)
                report = engine.stop()
                self.assertEqual(total(report, "xdp_allowed"), 2)
                self.assertEqual(total(report, "xdp_denied"), 1)

    def test_bypass_takes_prefixes(self):
        here = self.lab()
        engine = here.engine("--iface", "eng0", "--consume", "--bypass", "10.77.0.1/32")
        self.assertEqual(here.ping(), 1)
        self.assertEqual(total(engine.stop(), "xdp_allowed"), 1)

    def test_no_gap(self):
        """A flood is denied all through a hundred changes of the list."""
        here = self.lab()
        engine = here.engine("--iface", "eng0", "--consume", "--deny", GENERATED)
        flood = here.start("gen", lab.GENERATE, "--iface", "gen0", "--count", "60000", "--rate",
                           "15000", stdout=lab.subprocess.DEVNULL)
        for i in range(50):
            self.ctl(here, "deny", "replace", f"192.0.{i}.0/24,{GENERATED}")
            self.ctl(here, "allow", "add", f"198.51.100.{i}")
        self.assertEqual(flood.wait(timeout=60), 0)
        report = engine.stop()
        self.assertEqual(report["packets"], 0)
        self.assertEqual(total(report, "xdp_denied"), 60000)

    def test_a_million(self):
        """They load in under 2 s, the reading of the file included."""
        draw = random.Random(5)
        with open(self.path("list"), "w", encoding="ascii") as file:
            for _ in range(900_000):
                file.write(f"{ipaddress.IPv4Address(draw.getrandbits(32) | 1 << 31)}\n")
            for _ in range(100_000):
                file.write(f"{ipaddress.IPv6Address(draw.getrandbits(64) << 64)}/64\n")
        here = self.lab()
        engine = here.engine("--iface", "eng0", "--consume", "--deny", "192.0.2.0/24")
        begin = time.monotonic()
        self.ctl(here, "deny", "replace", "@" + self.path("list"))
        took = time.monotonic() - begin
        print(f"a million prefixes loaded in {took:.2f} s", flush=True)
        self.assertLess(took, 2)
        engine.stop()

    def test_gone_with_the_engine(self):
        """A wire that is left open is open to all."""
        here = self.lab("--two-ports")
        engine = here.engine("--iface", "eng0", "--bridge", "eng1", "--deny", "10.77.0.1")
        self.assertEqual(here.ping(), 0)
        self.ctl(here, "allow", "add", "10.77.0.0/24")
        self.assertEqual(here.ping(), 1)
        self.ctl(here, "allow", "replace", "192.0.2.1")
        self.assertEqual(here.ping(), 0)
        engine.kill()
        self.assertEqual(here.ping(count=3, wait=2), 3)

    def test_changes_need_lists(self):
        here = self.lab()
        engine = here.engine("--iface", "eng0", "--consume")
        done = self.ctl(here, "deny", "add", "10.0.0.0/8", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("start with --allow or --deny", done.stderr)
        engine.stop()


if __name__ == "__main__":
    lab.main()
