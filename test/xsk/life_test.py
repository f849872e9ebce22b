#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""From start to every kind of end: what is attached, what still flows, what the next start does."""

import signal
import subprocess
import time

import lab


class SinglePort(lab.Test):
    def test_kill(self):
        """After kill -9 nothing is attached and traffic reaches the host's stack again."""
        here = self.lab()
        engine = here.engine("--iface", "eng0")
        self.assertEqual(here.ping(), 0, "the engine consumes what isn't dropped")
        engine.kill()
        start = time.monotonic()
        self.until(lambda: here.attached() is None, what="detaching")
        self.assertEqual(here.ping(3), 3)
        print(f"killed: nothing attached after {time.monotonic() - start:.3f} s at most")

    def test_kill_fail_closed(self):
        """The opposite on request: what was classified is dropped, until the next start."""
        here = self.lab()
        here.engine("--iface", "eng0", "--fail-closed").kill()
        self.assertIsNotNone(here.attached())
        self.assertEqual(here.ping(2), 0)
        engine = here.engine("--iface", "eng0")
        self.assertIn("took over", engine.stderr())
        engine.stop()
        self.assertIsNone(here.attached())
        self.assertEqual(here.ping(2), 2)

    def test_regular_end(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            here = self.lab()
            here.run("eng", "ethtool", "-K", "eng0", "rxvlan", "on")
            engine = here.engine("--iface", "eng0")
            flags = here.run("eng", "ip", "-d", "link", "show", "eng0").stdout
            self.assertIn("PROMISC", flags)
            self.assertIn("rx-vlan-offload: off", here.run("eng", "ethtool", "-k", "eng0").stdout)
            engine.signal(number)
            self.assertEqual(engine.end(), 0)
            engine.report()
            self.assertIsNone(here.attached())
            self.assertEqual(here.ping(), 1)
            self.assertNotIn("PROMISC", here.run("eng", "ip", "link", "show", "eng0").stdout)
            self.assertIn("rx-vlan-offload: on", here.run("eng", "ethtool", "-k", "eng0").stdout)

    def test_limits(self):
        here = self.lab()
        engine = here.engine("--iface", "eng0", "--packets", "1000")
        here.generate("--count", "2000", "--rate", "100000")
        self.assertEqual(engine.end(), 0)
        self.assertGreaterEqual(engine.report()["packets"], 1000)
        engine = here.engine("--iface", "eng0", "--duration", "1")
        self.assertEqual(engine.end(), 0)
        self.assertLess(engine.report()["seconds"], 2)

    def test_link_down_and_up(self):
        here = self.lab()
        engine = here.engine("--iface", "eng0")
        here.generate("--count", "100", "--rate", "10000")
        here.run("eng", "ip", "link", "set", "eng0", "down")
        time.sleep(0.3)
        here.run("eng", "ip", "link", "set", "eng0", "up")
        time.sleep(0.3)
        here.generate("--count", "100", "--rate", "10000")
        time.sleep(0.2)
        self.assertEqual(engine.stop()["packets"], 200)

    def test_interface_removed(self):
        here = self.lab()
        engine = here.engine("--iface", "eng0")
        here.generate("--count", "100", "--rate", "10000")
        time.sleep(0.2)
        here.run("eng", "ip", "link", "del", "eng0")
        self.assertEqual(engine.end(), 1)
        self.assertIn("eng0: the interface was removed", engine.stderr())
        report = engine.report()
        self.assertEqual(report["packets"], 100)
        self.assertIn("removed", report["error"])

    def test_interface_removed_under_load(self):
        """Each packet that the program has seen is accounted for, whatever moment the end hits."""
        unbound = 0
        for _ in range(5):
            here = self.lab()
            engine = here.engine("--iface", "eng0")
            sender = here.start("gen", lab.GENERATE, "--iface", "gen0", "--live", "--count",
                                "1000000", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(0.15)
            here.run("eng", "ip", "link", "del", "eng0")
            self.assertEqual(engine.end(), 1)
            sender.kill()
            sender.wait()
            for queue in engine.report()["queues"]:
                self.assertEqual(lab.unexplained(queue), 0, queue)
                unbound += queue["rx_unbound"]
        print(f"{unbound} packets were on their way to a socket without an interface")

    def test_second_engine(self):
        here = self.lab()
        first = here.engine("--iface", "eng0")
        status, said = here.refused("--iface", "eng0")
        self.assertEqual(status, 2)
        self.assertIn(f"another afxdp-engine has it (process {first.process.pid})", said)
        here.generate("--count", "100", "--rate", "10000")
        time.sleep(0.2)
        self.assertEqual(first.stop()["packets"], 100)

    def test_anothers_program(self):
        """What another attached is left alone, and named."""
        here = self.lab()
        program = f"{lab.BUILD}/engine/attach/pass.bpf.o"
        here.run("eng", "ip", "link", "set", "eng0", "xdp", "obj", program, "sec", "xdp")
        before = here.attached()
        status, said = here.refused("--iface", "eng0")
        self.assertEqual(status, 2)
        self.assertIn(f"another XDP program is attached: afxdp_pass (id {before}, native mode)",
                      said)
        self.assertIn("bpftool net show dev eng0", said)
        self.assertEqual(here.attached(), before)


class Bridge(lab.Test):
    def test_kill(self):
        """After kill -9 of the bridge traffic crosses by itself; the next start takes over."""
        here = self.lab("--two-ports")
        wire = ("--iface", "eng0", "--bridge", "eng1")
        engine = here.engine(*wire)
        self.assertEqual(here.ping(2), 2)
        engine.kill()
        start = time.monotonic()
        self.until(lambda: here.ping(wait=0.1) == 1, 1.0, "crossing")
        print(f"killed: ping crossed again {time.monotonic() - start:.3f} s later")
        here.forget_neighbours("gen", "gen0")
        self.assertEqual(here.ping(2), 2, "ARP crosses too")
        left = here.attached("eng0"), here.attached("eng1")
        self.assertNotIn(None, left)

        engine = here.engine(*wire)
        self.assertIn("eng0: took over from an engine that had ended", engine.stderr())
        self.assertEqual(here.ping(2), 2)
        report = engine.stop()
        self.assertEqual(report["endings"]["forwarded"], report["packets"])
        self.assertGreaterEqual(report["packets"], 4)
        self.assertEqual((here.attached("eng0"), here.attached("eng1")), (None, None))
        self.assertEqual(here.ping(), 0)

    def test_takes_over_without_a_gap(self):
        """While the next engine starts, no ping is lost."""
        here = self.lab("--two-ports")
        wire = ("--iface", "eng0", "--bridge", "eng1")
        here.engine(*wire).kill()
        ping = here.start("gen", "ping", "-n", "-q", "-i", "0.01", "-c", "150", "10.77.0.2",
                          stdout=-1, text=True)
        time.sleep(0.3)
        engine = here.engine(*wire)
        out = ping.communicate(timeout=30)[0]
        print(out.splitlines()[-2])
        self.assertIn("150 received", out)
        self.assertGreater(engine.stop()["packets"], 0)

    def test_failed_start_leaves_the_wire_open(self):
        here = self.lab("--two-ports")
        wire = ("--iface", "eng0", "--bridge", "eng1")
        here.engine(*wire).kill()
        status, said = here.refused(*wire, "--mode", "zerocopy")
        self.assertEqual(status, 2)
        self.assertIn("can't do zero-copy", said)
        self.assertEqual(here.ping(2), 2)

    def test_kill_fail_closed(self):
        here = self.lab("--two-ports")
        engine = here.engine("--iface", "eng0", "--bridge", "eng1", "--fail-closed")
        self.assertEqual(here.ping(2), 2)
        engine.kill()
        self.assertEqual(here.ping(2), 0)

    def test_leave_open(self):
        here = self.lab("--two-ports")
        wire = ("--iface", "eng0", "--bridge", "eng1")
        here.engine(*wire, "--leave-open").stop()
        self.assertEqual(here.ping(2), 2)
        self.assertIn("PROMISC", here.run("eng", "ip", "link", "show", "eng0").stdout)
        here.engine(*wire).stop()
        self.assertEqual(here.ping(), 0)

    def test_removed_port(self):
        here = self.lab("--two-ports")
        engine = here.engine("--iface", "eng0", "--bridge", "eng1")
        here.run("eng", "ip", "link", "del", "eng1")
        self.assertEqual(engine.end(), 1)
        self.assertIn("eng1: the interface was removed", engine.stderr())
        self.assertIsNone(here.attached("eng0"))


if __name__ == "__main__":
    lab.main()
