#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""limit:N on interfaces: never more than N a second to a destination, in both datapaths, with
several workers, and changed while it runs."""

import os
import time

import lab

MOST = 100


def wait_for_the_middle_of_a_second():
    """Seconds are the packets' own, of CLOCK_MONOTONIC: a flood that began or ended just beside the
    turn of one would have fewer packets in it than may go on."""
    time.sleep((1.25 - time.monotonic() % 1) % 1)


class Limits(lab.Test):
    def flood(self, *options, most=MOST, more=0, places=()):
        """A flood to one destination: what went on of it in so many seconds, and what began."""
        here = self.lab(*places)
        engine = here.engine("--iface", "eng0", *options, "--action", f"unclassified=limit:{most}")
        wait_for_the_middle_of_a_second()
        begun = time.monotonic()
        sent = here.generate("--count", "30000", "--flows", "256", "--rate", "10000")["sent"]
        seconds = time.monotonic() - begun
        report = engine.stop()
        went_on = report["endings"]["consumed"] + report["endings"]["passed"]
        print(f"{options}: {went_on} of {sent} in {seconds:.1f} s", flush=True)
        self.assertEqual(report["packets"] + sum(map(self.aside, report["queues"])), sent)
        self.assertEqual(report["endings"]["limited"], report["packets"] - went_on)
        self.assertEqual(report["endings"]["dropped"], 0)
        self.assertGreaterEqual(went_on, 2 * most)  # two whole seconds at least
        self.assertLessEqual(went_on, (int(seconds) + 2) * (most + more))
        self.assertEqual(went_on % most if not more else 0, 0)
        return report

    @staticmethod
    def aside(queue):
        return queue["xdp_other"] if "xdp_other" in queue else 0

    def test_one_worker(self):
        self.flood()

    def test_two_workers_share_the_destination(self):
        report = self.flood(places=("--queues", "2"))
        self.assertEqual(len([q for q in report["queues"] if q["received"]]), 2)

    def test_inside_the_kernel(self):
        self.flood("--datapath", "kernel", more=os.cpu_count() - 1)

    def test_while_it_runs(self):
        here = self.lab()
        engine = here.engine("--iface", "eng0")
        here.run("eng", lab.ENGINE, "ctl", "set-action", "unclassified=limit:7")
        here.generate("--count", "2000", "--rate", "10000")
        report = engine.stop()
        self.assertIn(report["endings"]["consumed"], (7, 14))
        engine = here.engine("--iface", "eng0", "--datapath", "kernel")
        done = here.run("eng", lab.ENGINE, "ctl", "set-action", "unclassified=limit:7", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("start with an --action CLASS=limit:N", done.stderr)
        engine.stop()


if __name__ == "__main__":
    lab.main()
