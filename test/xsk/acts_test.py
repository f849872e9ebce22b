#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every packet ends in one counter while blocks, lists, limits and shunts change at random.

AFXDP_LAB_PACKETS: how many to generate (500,000; 10,000,000 is the bar that was set)."""

import glob
import json
import os
import random
import socket
import threading
import time

import lab

PACKETS = int(os.environ.get("AFXDP_LAB_PACKETS", "500000"))
RATE = 250000
FLOWS = 1000
EVERY = 0.01  # s
SEED = int(os.environ.get("AFXDP_SEED", str(time.time_ns())))
ACTIONS = ("count", "drop", "block:1", "block:2", "limit:20000", "limit:1", "shunt:1", "shunt:4")


class Operator(threading.Thread):
    """Tells a running engine something else each 10 ms."""

    def __init__(self, engine):
        super().__init__()
        self.random = random.Random(SEED)
        self.done = threading.Event()
        self.told, self.refused = 0, []
        self.listed = {"allow": set(), "deny": set()}
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(10)
        self.socket.connect(self.path_of(engine))
        self.answers = self.socket.makefile()

    @staticmethod
    def path_of(engine):
        for path in glob.glob("/run/afxdp-engine/*.control"):
            claim = path.removesuffix(".control")  # gone with a killed engine's namespace
            if not os.path.exists(claim):
                continue
            with open(claim, encoding="ascii") as file:
                if file.read().strip() == str(engine.process.pid):
                    return path
        raise AssertionError("no control socket")

    def tell(self, **request):
        self.socket.sendall(json.dumps(request).encode() + b"\n")
        answer = json.loads(self.answers.readline())
        self.told += 1
        if answer["return"] != "OK":
            self.refused.append((request, answer))

    def change_list(self, name):
        """Up to fifty sources in each."""
        listed = self.listed[name]
        if listed and (len(listed) >= 50 or self.random.random() < 0.5):
            host, change = self.random.choice(sorted(listed)), "del"
            listed.remove(host)
        else:
            host, change = self.source(), "del"
            change = "del" if host in listed else "add"
            (listed.discard if change == "del" else listed.add)(host)
        self.tell(command=name, change=change, prefixes=host)

    def source(self):
        number = self.random.randrange(FLOWS)
        return f"10.0.{number >> 8}.{number & 255}"

    def run(self):
        while not self.done.wait(EVERY):
            what = self.random.randrange(6)
            if what < 3:
                self.tell(command="set-action", action=f"unclassified={self.random.choice(ACTIONS)}")
            elif what < 5:
                self.change_list(("allow", "deny")[what - 3])
            else:
                self.tell(command="blocks", change="flush")

    def end(self):
        self.done.set()
        self.join(timeout=30)
        self.answers.close()
        self.socket.close()


class Acts(lab.Test):
    def run_all(self, *options):
        """The lab, the report with its sums by counter of the program, what was generated, and how
        much arrived."""
        here = self.lab("--two-ports")
        engine = here.engine("--iface", "eng0", "--bridge", "eng1", "--deny", "@/dev/null",
                             "--blocks", "500", "--block-after", "3", "--block-unproven",
                             "--shunts", "400", "--shunt-confidence", "0", "--shunt-every", "64",
                             *options)
        before = here.sink_packets()
        operator = Operator(engine)
        operator.start()
        try:
            sent = here.generate("--live", "--count", str(PACKETS), "--flows", str(FLOWS), "--rate",
                                 str(RATE), timeout=600)
        finally:
            operator.end()
        report = engine.stop()
        total = {name: sum(queue.get(name, 0) for queue in report["queues"])
                 for name in report["queues"][0] if name.startswith("xdp_")}
        print(f"AFXDP_SEED={SEED}: {sent['sent']} sent, {operator.told} changes; "
              f"{ {name: count for name, count in total.items() if count} }, {report['endings']}, "
              f"{report['blocks']}, {report['shunts']}", flush=True)
        self.assertEqual(operator.refused, [])
        self.assertEqual(sent["sent"], sent["tx_packets"] + sent["tx_dropped"])
        self.assertEqual(total["xdp_shunted"], report["shunts"]["packets"])
        for name in ("xdp_allowed", "xdp_denied", "xdp_blocked", "xdp_shunted"):
            self.assertGreater(total[name], 0, name)
        for name in ("dropped", "limited", "forwarded"):
            self.assertGreater(report["endings"][name], 0, name)
        return report, total, sent, here.sink_packets() - before

    def test_each_packet_once(self):
        report, total, sent, arrived = self.run_all()
        for queue in report["queues"]:
            self.assertEqual(lab.unexplained(queue), 0, queue)
        self.assertEqual(sent["tx_packets"], sum(total.values()))
        crossed = sum(total[f"xdp_{name}"] for name in
                      ("other", "allowed", "shunted", "uncovered", "stalled_crossed"))
        self.assertEqual(report["endings"]["forwarded"] + crossed,
                         arrived + report["ports"][1]["nic_tx_dropped"])

    def test_inside_the_kernel(self):
        report, total, sent, arrived = self.run_all("--datapath", "kernel", "--action",
                                                    "unclassified=limit:20000")
        self.assertEqual(sent["tx_packets"], report["packets"] + sum(total.values()))
        self.assertEqual(report["endings"]["forwarded"] + total["xdp_allowed"]
                         + total["xdp_shunted"], arrived + report["ports"][0]["crossing_lost"])


if __name__ == "__main__":
    lab.main()
