#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""block:SECONDS: a source is dropped in XDP soon after its last offence that was needed, for that
long; nobody who isn't proven, allowed, or ourselves; and it is gone with the engine."""

import datetime
import json
import subprocess
import tempfile
import time

import either_datapath
import lab
import shared_address

BLOCK = ("--action", "unclassified=block:60")
SINGLE = ("--iface", "eng0", "--consume")
WIRE = ("--iface", "eng0", "--bridge", "eng1", "--blocks", "1000", "--block-after", "5")


def total(report, name):
    return sum(queue.get(name, 0) for queue in report["queues"])


class Blocks(either_datapath.Blocks, lab.Test):
    blocking = (*SINGLE, *BLOCK)

    def ctl(self, here, *words):
        return here.run("eng", lab.ENGINE, "ctl", *words)

    def test_reaction(self):
        """Each of 200 sources is blocked, and none of its packets gets through after that. How soon
        is printed: on an idle machine within milliseconds, which a busy one doesn't hold."""
        here = self.lab()
        engine = here.engine(*SINGLE, *BLOCK, "--block-unproven", "--block-after", "3")
        sent = here.generate("--count", "60000", "--flows", "200", "--rate", "20000")["sent"]
        report = engine.stop()
        blocks = report["blocks"]
        print(f"reaction: {blocks['reaction_us']} µs", flush=True)
        self.assertEqual(blocks["begun"], 200)
        self.assertEqual(blocks["lost"], 0)
        self.assertEqual(report["packets"] + total(report, "xdp_blocked"), sent)
        self.assertEqual(report["endings"]["dropped"], report["packets"])
        self.assertLess(report["packets"], 20000)

    def test_unproven(self):
        """A flood that only sends, whoever it names, blocks nobody."""
        here = self.lab()
        engine = here.engine(*SINGLE, *BLOCK)
        sent = here.generate("--count", "20000", "--flows", "10000", "--rate", "20000")["sent"]
        report = engine.stop()
        self.assertEqual(report["blocks"]["begun"], 0)
        self.assertEqual(report["blocks"]["unproven"], sent)
        self.assertEqual(total(report, "xdp_blocked"), 0)
        self.assertEqual(report["endings"]["dropped"], sent)

    def test_blocked_flood(self):
        """Of blocked sources nothing enters the ring."""
        here = self.lab()
        engine = here.engine(*SINGLE, "--blocks", "1000")
        with open(self.path("sources"), "w", encoding="ascii") as file:
            file.writelines(f"10.0.{i >> 8}.{i & 255}\n" for i in range(1000))
        self.ctl(here, "blocks", "add", "@" + self.path("sources"), "600")
        sent = here.generate("--live", "--count", "200000", "--flows", "1000")["tx_packets"]
        report = engine.stop()
        self.assertEqual(total(report, "xdp_blocked"), sent)
        self.assertEqual(total(report, "xdp_redirected"), 0)
        self.assertEqual(report["packets"], 0)

    def test_shared_address(self):
        """Where one behind an address scans, all behind it are blocked, if the operator has asked
        for that; --allow ends it at once."""
        for datapath in ("afxdp", "kernel"):
            with self.subTest(datapath=datapath):
                here = self.lab("--two-ports")
                both = shared_address.SharedAddress(here)
                self.addCleanup(both.close)
                engine = here.engine(*WIRE, "--datapath", datapath, "--allow", "192.0.2.1",
                                     model=self.model("scanner"))
                both.scan()
                self.assertTrue(both.browse())
                self.assertEqual(self.listed(here), {})
                self.ctl(here, "set-action", "attack=block:60")
                both.scan()
                self.until(lambda: self.listed(here), what="a block")
                self.assertEqual(set(self.listed(here)), {shared_address.ADDRESS})
                self.assertFalse(both.browse())
                self.ctl(here, "allow", "add", shared_address.ADDRESS)
                self.assertTrue(both.browse())
                both.scan()
                self.assertTrue(both.browse())
                self.assertEqual(engine.stop()["blocks"]["begun"], 1)

    def greet(self, here):
        """A connection from gen to sink, and its end."""
        server = here.start("sink", "python3", "-c", "import socket; s = socket.create_server(('', 9))"
                            "; print(flush=True); s.accept()", stdout=subprocess.PIPE)
        server.stdout.readline()
        here.run("gen", "python3", "-c",
                 "import socket; socket.create_connection(('10.77.0.2', 9), timeout=5)")
        server.wait(timeout=10)
        server.stdout.close()

    def test_proven(self):
        """A host that has shaken hands is blocked for what it does next, and is back in time."""
        here = self.lab("--two-ports")
        engine = here.engine(*WIRE, "--allow", "192.0.2.1")
        self.ctl(here, "set-action", "unclassified=block:2")
        self.assertEqual(here.ping(count=8, interval=0.05), 0)
        self.ctl(here, "set-action", "unclassified=count")
        self.assertEqual(here.ping(), 1)  # wasn't proven: dropped, not blocked
        self.greet(here)
        self.ctl(here, "set-action", "unclassified=block:5")
        self.assertEqual(here.ping(count=8, interval=0.05), 0)
        self.ctl(here, "set-action", "unclassified=count")
        self.assertEqual(here.ping(wait=0.3), 0)  # is blocked
        self.ctl(here, "allow", "add", "10.77.0.1")
        self.assertEqual(here.ping(), 1)
        self.ctl(here, "allow", "del", "10.77.0.1")
        self.assertEqual(here.ping(wait=0.3), 0)
        self.until(lambda: here.ping(wait=0.3) == 1, what="the end of the block")
        report = engine.stop()
        self.assertEqual(report["blocks"]["begun"], 1)
        self.assertEqual(report["blocks"]["ended"], 1)
        self.assertGreaterEqual(report["blocks"]["unproven"], 8)
        self.assertGreater(total(report, "xdp_blocked"), 1)

    def listed(self, here):
        """Who is blocked: seconds by address, of all pages."""
        pages = map(json.loads, self.ctl(here, "blocks", "list", "--json").stdout.splitlines())
        hosts = [host for page in pages for host in page["hosts"]]
        self.assertEqual(len({host["ip"] for host in hosts}), len(hosts))
        return {host["ip"]: host["seconds"] for host in hosts}

    def test_by_hand(self):
        """Whoever the operator names is blocked at once, and no longer than that."""
        here = self.lab("--two-ports")
        engine = here.engine(*WIRE, "--allow", "192.0.2.1")
        self.ctl(here, "blocks", "add", "10.77.0.1,2001:db8::1", "100")
        self.assertEqual(here.ping(wait=0.3), 0)
        seen = self.listed(here)
        self.assertEqual(set(seen), {"10.77.0.1", "2001:db8::1"})
        self.assertTrue(all(90 < left <= 100 for left in seen.values()), seen)
        self.ctl(here, "blocks", "del", "10.77.0.1")
        self.assertEqual(here.ping(), 1)
        self.ctl(here, "blocks", "add", "10.77.0.1", "1")
        self.until(lambda: here.ping(wait=0.3) == 1, what="the end of the block")
        for words, why in ((("add", "192.0.2.1", "5"), "can't be blocked"),
                           (("add", "192.0.2.0/24", "5"), "is a network"),
                           (("add", "192.0.2.9", "9999999"), "from 1 to 2678400"),
                           (("add", "192.0.2", "5"), "is no prefix"),
                           (("del", "192.0.2.9"), "isn't blocked")):
            done = here.run("eng", lab.ENGINE, "ctl", "blocks", *words, check=False)
            self.assertEqual(done.returncode, 1, words)
            self.assertIn(why, done.stderr)
        engine.wait_for("blocks add 10.77.0.1,2001:db8::1, by user 0")
        self.assertEqual(set(self.listed(here)), {"2001:db8::1"})
        blocks = engine.stop()["blocks"]
        self.assertEqual((blocks["begun"], blocks["removed"], blocks["ended"]), (3, 1, 1))

    def test_many_by_hand(self):
        """More than a page of them: each is listed once, and all are let go."""
        here = self.lab("--two-ports")
        engine = here.engine("--iface", "eng0", "--bridge", "eng1", "--blocks", "5000")
        many = [f"198.18.{i // 250}.{i % 250}" for i in range(3000)]
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write("\n".join(many))
            file.flush()
            self.ctl(here, "blocks", "add", f"@{file.name}", "600")
        self.assertEqual(set(self.listed(here)), set(many))
        plain = here.run("eng", lab.ENGINE, "blocks", "export", "--format", "plain").stdout
        self.assertEqual(sorted(plain.split()), sorted(many))
        self.assertIn("flushed", self.ctl(here, "blocks", "flush").stdout)
        self.assertEqual(self.listed(here), {})
        self.assertEqual(engine.stop()["blocks"]["removed"], 3000)

    def test_events(self):
        """Each block, extension and end is an event of its time."""
        here = self.lab("--two-ports")
        name = self.path("eve.json")
        engine = here.engine(*WIRE[:4], "--blocks", "2", "--eve", name)
        began = time.time()
        self.ctl(here, "blocks", "add", "192.0.2.1", "1")
        self.until(lambda: self.listed(here) == {}, what="the end of the block")
        self.ctl(here, "blocks", "add", "192.0.2.2", "50")
        self.ctl(here, "blocks", "add", "192.0.2.2", "60")
        self.ctl(here, "blocks", "add", "2001:db8::3", "60")
        self.ctl(here, "blocks", "add", "192.0.2.4", "60")
        self.ctl(here, "blocks", "del", "192.0.2.4")
        report = engine.stop()
        with open(name, encoding="ascii") as file:
            events = [event for event in map(json.loads, file) if event["event_type"] == "block"]
        self.assertEqual([tuple(event["block"].values()) for event in events],
                         [("192.0.2.1", "begun", 1), ("192.0.2.1", "ended"),
                          ("192.0.2.2", "begun", 50), ("192.0.2.2", "extended", 60),
                          ("2001:db8::3", "begun", 60), ("192.0.2.2", "evicted"),
                          ("192.0.2.4", "begun", 60), ("192.0.2.4", "removed")])
        times = [datetime.datetime.fromisoformat(event["timestamp"]).timestamp() for event in events]
        self.assertEqual(times, sorted(times))
        self.assertGreater(times[1] - times[0], 0.99)
        self.assertLess(abs(times[0] - began), 5)
        self.assertEqual(report["blocks"]["untold"], 0)

    def test_kept(self):
        """With --state blocks survive a kill and an end; who was let go doesn't come back."""
        here = self.lab("--two-ports")
        state = self.path("state")
        options = (*WIRE, "--allow", "192.0.2.9", "--state", state)
        engine = here.engine(*options)
        self.ctl(here, "blocks", "add", "10.77.0.1,192.0.2.7", "1000")
        self.until(lambda: "10.77.0.1 " in self.read(state), what="the file")
        engine.kill()
        self.assertEqual(here.ping(count=3), 3)
        engine = here.engine(*options)
        engine.wait_for("2 hosts are blocked from before")
        self.assertEqual(here.ping(wait=0.3), 0)
        self.assertTrue(all(900 < left <= 1000 for left in self.listed(here).values()))
        self.ctl(here, "blocks", "del", "10.77.0.1")
        engine.stop()
        with open(state, "a", encoding="ascii") as file:
            file.write(f"192.0.2.8 {int(time.time()) - 1}\n192.0.2.9 999999999999\n"
                       "2001:db8::1 999999999999\n")
        engine = here.engine(*options)
        self.assertEqual(here.ping(), 1)
        listed = self.listed(here)
        self.assertEqual(set(listed), {"192.0.2.7", "2001:db8::1"})
        self.assertEqual(listed["2001:db8::1"], 31 * 24 * 3600)
        engine.stop()

    def test_kept_nowhere(self):
        here = self.lab("--two-ports")
        state = self.path("state")
        for text, name, why in (("192.0.2.7 5\n", state, "line 1"),
                                ("afxdp-engine blocks 1\n192.0.2.7\n", state, "line 2"),
                                ("", "/nowhere/state", "cannot write --state /nowhere/state")):
            with open(state, "w", encoding="ascii") as file:
                file.write(text)
            status, said = here.refused(*WIRE, "--state", name)
            self.assertEqual(status, 2, said)
            self.assertIn(why, said)
            self.assertEqual(self.read(state), text)

    def test_gone_with_the_engine(self):
        here = self.lab("--two-ports")
        engine = here.engine(*WIRE, *BLOCK, "--block-unproven")
        self.assertEqual(here.ping(count=8, interval=0.05), 0)
        engine.kill()
        time.sleep(0.1)
        self.assertEqual(here.ping(count=3, wait=2), 3)

    def test_refused(self):
        here = self.lab()
        status, said = here.refused(*SINGLE, *BLOCK, "--tunnels", "vxlan")
        self.assertEqual(status, 2)
        self.assertIn("not the hosts inside it", said)
        engine = here.engine(*SINGLE)
        done = here.run("eng", lab.ENGINE, "ctl", "set-action", "unclassified=block:5", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("start with --blocks", done.stderr)
        done = here.run("eng", lab.ENGINE, "ctl", "blocks", "list", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("start with --blocks", done.stderr)
        engine.stop()


if __name__ == "__main__":
    lab.main()
