#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A worker that stands still (SIGSTOP): traffic goes on without it, in counters of its own, and it
takes over again. A quiet run never takes it for still.

usage: watchdog_test.py [TEST ...], with AFXDP_QUIET_SECONDS for how long the quiet run is (10)"""

import os
import re
import signal
import time

import lab

STILL = 5.0
WATCHDOG_MS, TICK_MS = 80, 10
QUIET = float(os.environ.get("AFXDP_QUIET_SECONDS", "10"))


def total(report, name):
    return sum(queue.get(name, 0) for queue in report["queues"])


class StandsStill(lab.Test):
    def ping_across_a_pause(self, here, engine):
        """What ping says of 7 s with STILL in the middle: how many came back, and times in ms."""
        ping = here.start("gen", "ping", "-n", "-i", "0.01", "-c", "700", "-W", "8", "10.77.0.2",
                          stdout=-1, text=True)
        time.sleep(1)
        engine.signal(signal.SIGSTOP)
        time.sleep(STILL)
        engine.signal(signal.SIGCONT)
        out = ping.communicate(timeout=60)[0]
        times = [float(t) for t in re.findall(r"time=([\d.]+)", out)]
        return int(re.search(r"(\d+) received", out).group(1)), times

    def test_inline_packets_cross(self):
        here = self.lab("--two-ports")
        engine = here.engine("--iface", "eng0", "--bridge", "eng1", "--watchdog", "80")
        back, times = self.ping_across_a_pause(here, engine)
        report = engine.stop()
        crossed, late = total(report, "xdp_stalled_crossed"), sum(t > 100 for t in times)
        print(f"stood still for {STILL} s: {back} of 700 pings came back, {late} of them late, "
              f"{crossed} packets crossed without the engine", flush=True)
        self.assertEqual(back, 700)
        self.assertGreater(crossed, 700 * STILL / 7)  # both ways, most of them
        self.assertLess(late, 3 * (WATCHDOG_MS + TICK_MS) / 10 + 5)
        self.assertGreater(report["packets"], 2 * 100, "it takes over again")
        self.assertEqual(report["packets"] + crossed, 2 * 700)
        self.assertGreater(report["queues"][0]["longest_pause_ns"], (STILL - 1) * 1e9)

    def test_on_a_single_port_they_pass(self):
        here = self.lab()
        engine = here.engine("--iface", "eng0", "--watchdog", "80")
        self.assertEqual(here.ping(), 0, "the engine consumes them")
        engine.signal(signal.SIGSTOP)
        time.sleep(0.2)
        self.assertEqual(here.ping(3), 3)
        engine.signal(signal.SIGCONT)
        time.sleep(0.1)
        self.assertEqual(here.ping(), 0, "it takes over again")
        report = engine.stop()
        self.assertEqual(total(report, "xdp_stalled_passed"), 3)
        self.assertEqual(report["packets"], 2)

    def test_fail_closed_they_are_dropped(self):
        here = self.lab("--two-ports")
        engine = here.engine("--iface", "eng0", "--bridge", "eng1", "--fail-closed", "--watchdog", "80")
        self.assertEqual(here.ping(), 1)
        engine.signal(signal.SIGSTOP)
        time.sleep(0.2)
        self.assertEqual(here.ping(3), 0)
        engine.signal(signal.SIGCONT)
        time.sleep(0.1)
        self.assertEqual(here.ping(), 1, "it takes over again")
        report = engine.stop()
        self.assertEqual(total(report, "xdp_stalled_dropped"), 3)
        self.assertEqual(report["packets"], 4)

    def test_turned_off_they_wait(self):
        here = self.lab("--two-ports")
        engine = here.engine("--iface", "eng0", "--bridge", "eng1", "--watchdog", "0")
        engine.signal(signal.SIGSTOP)
        time.sleep(0.2)
        self.assertEqual(here.ping(3), 0)
        engine.signal(signal.SIGCONT)
        time.sleep(0.2)
        self.assertEqual(engine.stop()["packets"], 6)

    def test_too_short(self):
        here = self.lab()
        status, said = here.refused("--iface", "eng0", "--watchdog", "39")
        self.assertEqual(status, 2)
        self.assertIn("40 is the least", said)


class Quiet(lab.Test):
    def test_never_fires(self):
        here = self.lab("--two-ports")
        engine = here.engine("--iface", "eng0", "--bridge", "eng1", "--watchdog", "80")
        count = int(QUIET * 20)
        done = here.run("gen", "ping", "-n", "-q", "-i", "0.05", "-c", str(count), "10.77.0.2",
                        timeout=QUIET * 2 + 60)
        report = engine.stop()
        pause = report["queues"][0]["longest_pause_ns"] / 1e6
        fired = total(report, "xdp_stalled_crossed")
        print(f"{QUIET:.0f} s, {2 * count} packets: {fired} found the worker still; its longest "
              f"pause was {pause:.0f} ms", flush=True)
        self.assertIn(f"{count} received", done.stdout)
        if fired and pause > WATCHDOG_MS - TICK_MS:
            self.skipTest(f"the machine itself held the worker up for {pause:.0f} ms")
        self.assertEqual(fired, 0)


if __name__ == "__main__":
    lab.main()
