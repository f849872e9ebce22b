#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""block:SECONDS and shunt:N inside the kernel: the program learns itself what workers would tell
of, by the same rules; every packet is in one counter."""

import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "xsk"))
import either_datapath  # noqa: E402
import lab  # noqa: E402

SINGLE = ("--iface", "eng0", "--datapath", "kernel")
WIRE = (*SINGLE, "--bridge", "eng1")
BLOCK = ("--action", "unclassified=block:60")
SHUNT = ("--action", "unclassified=shunt:16")
ONE_CPU = ("taskset", "-c", "0")  # both directions of a flow have to come in on one


def total(report, name):
    return sum(queue[name] for queue in report["queues"])


class Inside(lab.Test):
    def ctl(self, here, *words):
        return here.run("eng", lab.ENGINE, "ctl", *words).stdout

    def account(self, report, sent):
        """All that was sent is in the report, once."""
        self.assertEqual(report["packets"] - report["other"] + total(report, "xdp_blocked")
                         + total(report, "xdp_shunted"), sent)


class Blocks(either_datapath.Blocks, Inside):
    blocking = (*SINGLE, *BLOCK)

    def listed(self, here):
        pages = map(json.loads, self.ctl(here, "blocks", "list", "--json").splitlines())
        return {host["ip"] for page in pages for host in page["hosts"]}

    def test_flood(self):
        """Each of 200 sources is blocked, and none of its packets is judged after that."""
        here = self.lab()
        engine = here.engine(*SINGLE, *BLOCK, "--block-unproven", "--block-after", "3")
        sent = here.generate("--count", "40000", "--flows", "200", "--rate", "20000")["sent"]
        report = engine.stop()
        blocks = report["blocks"]
        print(f"{report['packets']} of {sent} judged; reaction: {blocks['reaction_us']} µs",
              flush=True)
        self.account(report, sent)
        self.assertEqual((blocks["begun"], blocks["lost"]), (200, 0))
        self.assertLess(report["packets"], 20000)

    def test_bystanders(self):
        """A flood that names 10,000 of them blocks none."""
        here = self.lab()
        engine = here.engine(*SINGLE, *BLOCK, "--block-after", "1")
        sent = here.generate("--count", "20000", "--flows", "10000", "--rate", "20000")["sent"]
        report = engine.stop()
        self.account(report, sent)
        self.assertEqual(report["blocks"]["begun"], 0)
        self.assertEqual(report["blocks"]["unproven"], sent)
        self.assertEqual(report["endings"]["dropped"], sent)

    def test_proven(self):
        """A host that has shaken hands is blocked for what it does next, unless it is allowed, and
        is back in time."""
        here = self.lab("--two-ports")
        engine = here.engine(*WIRE, "--blocks", "1000", "--block-after", "5", "--allow", "192.0.2.1")
        self.ctl(here, "set-action", "unclassified=block:3")
        self.assertEqual(here.ping(count=8, interval=0.05, cpu=0), 0)
        self.ctl(here, "set-action", "unclassified=count")
        self.assertEqual(here.ping(), 1)  # wasn't proven: dropped, not blocked
        server = here.start("sink", *ONE_CPU, "python3", "-c", "import socket; s = "
                            "socket.create_server(('', 9)); print(flush=True); s.accept()",
                            stdout=subprocess.PIPE)
        server.stdout.readline()
        here.run("gen", *ONE_CPU, "python3", "-c",
                 "import socket; socket.create_connection(('10.77.0.2', 9), timeout=5)")
        server.wait(timeout=10)
        server.stdout.close()
        self.ctl(here, "set-action", "unclassified=block:3")
        self.assertEqual(here.ping(count=8, interval=0.05, cpu=0), 0)
        self.ctl(here, "set-action", "unclassified=count")
        self.assertEqual(here.ping(wait=0.3), 0)  # is blocked
        self.ctl(here, "allow", "add", "10.77.0.1")
        self.assertEqual(here.ping(), 1)
        self.ctl(here, "allow", "del", "10.77.0.1")
        self.until(lambda: here.ping(wait=0.3) == 1, what="the end of the block")
        report = engine.stop()
        self.assertEqual((report["blocks"]["begun"], report["blocks"]["ended"]), (1, 1))
        self.assertGreaterEqual(report["blocks"]["unproven"], 8)
        self.assertGreater(total(report, "xdp_blocked"), 1)

    def test_kept(self):
        """By hand; each change is an event; a kill leaves the wire open, and --state keeps who was
        blocked."""
        here = self.lab("--two-ports")
        state, eve = self.path("state"), self.path("eve.json")
        options = (*WIRE, "--state", state, "--eve", eve)
        engine = here.engine(*options)
        self.ctl(here, "blocks", "add", "10.77.0.1", "1000")
        self.ctl(here, "blocks", "add", "192.0.2.7,192.0.2.8", "1000")
        self.assertEqual(here.ping(wait=0.3), 0)
        self.ctl(here, "blocks", "add", "10.77.0.1", "1500")
        self.ctl(here, "blocks", "del", "192.0.2.8")

        self.until(lambda: "192.0.2.7 " in self.read(state) and "192.0.2.8 " not in self.read(state),
                   what="the file")
        self.until(lambda: '"change":"removed"' in self.read(eve), what="the event")
        engine.kill()
        self.assertEqual(here.ping(count=3), 3)
        events = [event["block"] for event in map(json.loads, self.read(eve).splitlines())
                  if event["event_type"] == "block"]
        self.assertEqual([(block["src_ip"], block["change"]) for block in events],
                         [("10.77.0.1", "begun"), ("192.0.2.7", "begun"), ("192.0.2.8", "begun"),
                          ("10.77.0.1", "extended"), ("192.0.2.8", "removed")])
        engine = here.engine(*options)
        engine.wait_for("2 hosts are blocked from before")
        self.assertEqual(here.ping(wait=0.3), 0)
        self.assertEqual(self.listed(here), {"10.77.0.1", "192.0.2.7"})
        self.assertIn("flushed", self.ctl(here, "blocks", "flush"))
        self.assertEqual(here.ping(), 1)
        self.assertEqual(engine.stop()["blocks"]["removed"], 2)


class Shunts(either_datapath.Shunts, Inside):
    shunting = (*WIRE, *SHUNT)

    def test_counts(self):
        """A flow of 2,000 packets: 16 are judged, then one of a hundred; then its class is another's,
        and the next one that is judged ends it."""
        here = self.lab("--two-ports")
        engine = here.engine(*WIRE, *SHUNT, "--shunt-every", "100")
        often = ("--flows", "10", "--rate", "10000", "--cpu", "0")
        sent = here.generate("--count", "20000", *often)["sent"]
        self.ctl(here, "set-action", "unclassified=drop")
        sent += here.generate("--count", "5000", *often)["sent"]
        report = engine.stop()
        shunts = report["shunts"]
        self.account(report, sent)
        self.assertEqual((shunts["begun"], shunts["otherwise"], shunts["now"]), (10, 10, 0))
        self.assertEqual(shunts["packets"], total(report, "xdp_shunted"))
        self.assertEqual(shunts["bytes"], 60 * shunts["packets"])
        self.assertEqual(report["actions"]["count"] - report["other"],
                         10 * (16 + (2000 - 16) // 100))
        self.assertEqual(shunts["judged"], 10 * ((2000 - 16) // 100 + 1))

    def test_ends(self):
        """A connection ends its shunt with FIN, what is silent is judged again; all of it reaches
        the host of a single port."""
        here = self.lab()
        engine = here.engine(*SINGLE, "--action", "unclassified=shunt:4", "--shunt-seconds", "1")
        server = here.start("eng", "python3", "-c", "import socket; s = socket.create_server(('', 9))"
                            "; print(flush=True); c = s.accept()[0]\nwhile c.recv(9): c.send(b'x')",
                            stdout=subprocess.PIPE)
        server.stdout.readline()
        address = "10.77.0.2"
        here.run("gen", *ONE_CPU, "python3", "-c", "import socket, time\n"
                 f"s = socket.create_connection(('{address}', 9), timeout=5)\n"
                 "for _ in range(60): s.send(b'x'); s.recv(1); time.sleep(0.005)\n")
        server.wait(timeout=10)
        server.stdout.close()
        self.assertEqual(here.ping(count=40, interval=0.01, cpu=0), 40)
        time.sleep(1.2)
        self.assertEqual(here.ping(count=1, cpu=0), 1)
        report = engine.stop()
        shunts = report["shunts"]
        self.assertEqual(report["endings"]["passed"], report["packets"])
        self.assertGreaterEqual(shunts["finished"], 1)
        self.assertGreater(shunts["packets"], 40)

    def test_refused(self):
        here = self.lab()
        for options, why in (((*SHUNT, "--hairpin"), "leave --hairpin out"),
                             ((*SHUNT, "--tunnels", "vxlan"), "inside a tunnel"),
                             ((*BLOCK, "--tunnels", "vxlan"), "not the hosts inside it")):
            status, said = here.refused(*SINGLE, *options)
            self.assertEqual(status, 2)
            self.assertIn(why, said)


if __name__ == "__main__":
    lab.main()
