#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Another model under traffic, by SIGHUP: no packet is lost by it, and none is judged by one model and
acted on by the other. AFXDP_RELOADS (100) of them; 1,000 is the bar that was set."""

import collections
import json
import os
import signal
import time

import lab

RELOADS = int(os.environ.get("AFXDP_RELOADS", "100"))
RATE = 20000
SECONDS = 2  # how long the traffic is at least; it goes on until the last reload


class Reload(lab.Test):
    def put(self, kind):
        """The model's file is replaced as a whole: a reload sees one or the other."""
        os.replace(self.model(kind), self.path("model.q8"))

    def reload(self, engine, kind, number):
        self.put(kind)
        engine.signal(signal.SIGHUP)
        end = time.monotonic() + 10
        while engine.stderr().count(" is at work") < number:
            self.assertLess(time.monotonic(), end, engine.stderr())
            time.sleep(0.002)

    def run_with(self, reloads, *options):
        """The report and the rows of a run in which the model was replaced so often."""
        here = self.lab("--two-ports")
        self.put("drop")
        rows = self.path("rows.csv")
        engine = here.engine("--iface", "eng0", "--bridge", "eng1", "--verdicts", rows, *options,
                             model=self.path("model.q8"))
        before = self.sent(here)
        end = time.monotonic() + SECONDS
        sender = here.start("gen", lab.GENERATE, "--iface", "gen0", "--count", str(RATE * 600),
                            "--rate", str(RATE), stdout=-3)
        for number in range(1, reloads + 1):
            self.reload(engine, ("drop", "forward")[number % 2], number)
        time.sleep(max(0.1, end - time.monotonic()))
        self.assertIsNone(sender.poll(), "traffic ended before the last reload")
        sender.kill()
        sender.wait()
        time.sleep(0.3)
        return engine.stop(), self.sent(here) - before, rows

    @staticmethod
    def sent(here):
        found = here.run("gen", "ip", "-j", "-s", "link", "show", "gen0").stdout
        return json.loads(found)[0]["stats64"]["tx"]["packets"]

    @staticmethod
    def lost(report):
        return sum(queue.get("rx_dropped", 0) + queue.get("rx_ring_full", 0)
                   for queue in report["queues"])

    @staticmethod
    def verdicts(rows):
        seen = collections.Counter()
        with open(rows, encoding="ascii") as file:
            next(file)
            for row in file:
                _, name, _, action = row.split(",")[:4]
                seen[name, action] += 1
        return dict(seen)

    def check(self, *options):
        report, count, rows = self.run_with(RELOADS, *options)
        lost, seen = self.lost(report), self.verdicts(rows)
        pause = max(queue.get("longest_pause_ns", 0) for queue in report["queues"]) / 1e6
        print(f"{RELOADS} reloads, {count} packets, {lost} lost, verdicts {seen}; a worker's longest "
              f"pause {pause:.0f} ms", flush=True)
        self.assertEqual(set(seen), {("attack", "drop"), ("benign", "forward")})
        self.assertEqual(sum(seen.values()), report["packets"])
        self.assertEqual(report["packets"] + lost, count)
        if lost: # then it was the machine: the same without a reload loses as many
            without = self.lost(self.run_with(0, *options)[0])
            print(f"lost with reloads {lost}, without {without}")
            self.assertLessEqual(lost, without + count // 1000)

    def test_reloads_under_af_xdp(self):
        self.check()

    def test_reloads_in_the_kernel(self):
        self.check("--datapath", "kernel")

    def test_a_signal_for_each_of_many_reloads_at_once(self):
        """However many signals come together, the file's last content is at work afterwards."""
        here = self.lab()
        self.put("drop")
        engine = here.engine("--iface", "eng0", model=self.path("model.q8"))
        for number in range(50):
            self.put(("drop", "forward")[number % 2])
            engine.signal(signal.SIGHUP)
        time.sleep(0.5)
        here.generate("--count", "100", "--rate", "10000")
        time.sleep(0.3)
        report = engine.stop()
        self.assertEqual(report["classes"]["benign"], 100)

    def test_a_bad_file_changes_nothing(self):
        here = self.lab()
        self.put("drop")
        engine = here.engine("--iface", "eng0", model=self.path("model.q8"))
        with open(self.path("model.q8"), "wb") as file:
            file.write(b"no model")
        engine.signal(signal.SIGHUP)
        engine.wait_for("the model at work stays")
        here.generate("--count", "100", "--rate", "10000")
        time.sleep(0.3)
        report = engine.stop()
        self.assertEqual(report["classes"]["attack"], 100)


if __name__ == "__main__":
    lab.main()
