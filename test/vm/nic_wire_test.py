#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What arrives over a real driver: every frame, whole, in order and judged alike."""

import collections
import hashlib
import json
import os
import time

import nic
from nic import AT_WORK, BARRED, BRIDGE, DRIVER, MODE, QUEUES, QUICK
import bridge_test
import lab
import parity_test

COUNT = 3000 if QUICK else 100000
JUMBO = 9014  # an MTU of 9,000
RATES = ("4000", "1500", "500")
BYPASS = () if BARRED else ("--bypass", "tcp/22")


def how_they_differ(way, wanted, found):
    """Lost, came unasked, or in another order, and from which frame on."""
    at = next((i for i, pair in enumerate(zip(wanted, found)) if pair[0] != pair[1]),
              min(len(wanted), len(found)))
    lost, more = (collections.Counter(one) - collections.Counter(other)
                  for one, other in ((wanted, found), (found, wanted)))
    return f"{way}: {lost.total()} of {len(wanted)} lost, {more.total()} more, from the {at}th on"


class Wire(bridge_test.Bytes):
    """Only its helpers: unittest finds no test of Bytes here."""

    test_identical = test_jumbo = test_jumbo_dropped = test_hairpin = None

    def start(self, here, *options, **more):
        engine = here.engine(*options, **more)
        if MODE in ("zerocopy", "copy"):
            self.assertIn(f": {MODE} mode", engine.stderr())
        return engine

    def mode_is_real(self, copies, report, packets):
        self.assertEqual(report["mode"], MODE)
        print(f"{packets} packets, {copies.since()} copied", flush=True)
        if MODE == "zerocopy":
            self.assertEqual(copies.since(), 0)
        else:
            self.assertGreaterEqual(copies.since(), packets)

    def test_single(self):
        """All that is IP arrives, every length whole."""
        frames = [nic.frame(i) for i in range(COUNT)]
        source = nic.write_pcap(self.path("source.pcap"), frames)
        ip = [each for each in frames if nic.is_ip(each)]
        for rate in RATES:
            here = self.lab("--queues", QUEUES)
            with nic.Copies() as copies:
                engine = self.start(here, "--iface", "eng0", *AT_WORK)
                here.generate("--pcap", source, "--rate", rate, timeout=280)
                time.sleep(1)
                report = engine.stop()
                if report["packets"] == len(ip):
                    self.mode_is_real(copies, report, len(ip))
                    print("by queues", [queue["received"] for queue in report["queues"]])
                    break
            print(f"{len(ip) - report['packets']} lost at {rate} a second", flush=True)
            here.close()
        self.assertEqual((report["packets"], report["bytes"], report["malformed"]),
                         (len(ip), sum(map(len, ip)), 0))

    def crosses_whole(self, frames, *options, mtu="1500"):
        """What goes in comes out, to the last bit, and in order where order means something."""
        source, came_file = nic.write_pcap(self.path("source.pcap"), frames), self.path("came.pcap")
        for rate in RATES:
            here = self.lab("--two-ports", "--queues", QUEUES, "--mtu", mtu)
            with nic.Copies() as copies:
                engine = self.start(here, *BRIDGE, *options)
                dumpcap = self.recorded(here, came_file)
                here.generate("--pcap", source, "--rate", rate, "--longest", str(JUMBO), timeout=280)
                time.sleep(1.5)
                dumpcap.terminate()
                dumpcap.wait(timeout=20)
                dumpcap.stderr.close()
                report = engine.stop()
                came = lab.frames_of(came_file)
                if len(came) >= len(frames):
                    self.mode_is_real(copies, report, report["packets"])
                    break
            print(f"{len(frames) - len(came)} lost at {rate} a second:", json.dumps(report),
                  flush=True)
            here.close()
        self.assertEqual(len(came), len(frames))
        wanted, found = collections.defaultdict(list), collections.defaultdict(list)
        for each in frames:
            wanted[nic.way_of(each)].append(each)
        for each in came:
            found[nic.way_of(each)].append(each)
        self.assertEqual([how_they_differ(way, wanted[way], found[way])
                          for way in wanted if wanted[way] != found[way]], [])
        sums = collections.Counter()
        for queue in report["queues"]:
            sums.update({name: queue.get(name, 0) for name in ("xdp_other", "xdp_bypassed")})
        used = [queue["received"] for queue in report["queues"] if queue["interface"] == "eng0"]
        print(f"{len(came)} frames in {len(wanted)} ways are the same, by queues {used}; "
              f"{dict(sums)}", flush=True)
        self.assertEqual(report["endings"]["forwarded"] + sum(sums.values()), len(frames))
        self.assertEqual(sum(port.get("crossing_lost", 0) for port in report["ports"]), 0)
        self.assertTrue(all(used), "every queue has its share")

    def test_bridge(self):
        self.crosses_whole([nic.frame(i) for i in range(COUNT)], *BYPASS)

    def test_jumbo(self):
        """An MTU of 9,000 where the driver takes it with a program; where not, a start says so and
        changes nothing."""
        here = self.lab("--two-ports", "--queues", QUEUES, "--mtu", "9000")
        engine = here.engine(*BRIDGE, wait=False)
        try:
            engine.wait_for(": running")
        except AssertionError:
            self.assertEqual(engine.end(), 2, engine.stderr())
            self.assertIsNone(here.attached())
            self.assertIn("MTU", engine.stderr())
            print(engine.stderr(), "cell: refused", sep="\n", flush=True)
            return
        here.close()
        self.crosses_whole([nic.frame(i, JUMBO) for i in range(COUNT // 10)], mtu="9000")

    def test_bypass(self):
        """Where nothing can cross by itself in zero-copy, --bypass means copy mode."""
        here = self.lab("--two-ports")
        bridge = ("--iface", "eng0", "--bridge", "eng1", "--bypass", "icmp")
        if BARRED:
            status, said = here.refused(*bridge, "--mode", "zerocopy")
            self.assertEqual(status, 2, said)
            self.assertIn("takes no frames that cross from zero-copy memory", said)
            engine = here.engine(*bridge)
            self.assertIn("copy mode: ", engine.stderr())
        else:
            engine = here.engine(*bridge, "--mode", MODE)
        self.assertEqual(here.ping(5, wait=3), 5)
        report = engine.stop()
        self.assertEqual(sum(queue["xdp_bypassed"] for queue in report["queues"]), 10)

    def test_chunk(self):
        """A chunk that the driver would fill with pieces of frames is refused."""
        here = self.lab()
        options = ("--iface", "eng0", "--frame-size", "2048", "--mode", MODE)
        if DRIVER == "igb" and MODE == "zerocopy":
            status, said = here.refused(*options)
            self.assertEqual(status, 2, said)
            self.assertIn("fills 1024 bytes of a chunk of 2048", said)
            options = options[:-2]
        engine = here.engine(*options)
        sent = here.generate("--count", "200", "--length", "1500", "--rate", "500")["sent"]
        time.sleep(0.5)
        report = engine.stop()
        self.assertEqual((report["packets"], report["malformed"]), (sent, 0))

    def test_sessions(self):
        """ARP, ping and one large answer over TCP."""
        size = (2 if QUICK else 100) * 1000000
        here = self.lab("--two-ports", "--queues", QUEUES)
        engine = self.start(here, *BRIDGE)
        for place, interface in (("gen", "gen0"), ("sink", "sink0")):
            here.forget_neighbours(place, interface)
        came = here.ping(5, wait=3)
        if came != 5:
            print(engine.stderr(), json.dumps(engine.stop()), flush=True)
        self.assertEqual(came, 5)
        server = here.start("sink", "/usr/bin/python3", "-c", bridge_test.SERVER, "80")
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        self.until(lambda: here.run("sink", "ss", "-Hltn", "sport = :80").stdout, 30, "listening")
        body = self.path("body")
        here.run("gen", "curl", "--silent", "--max-time", "240", "-o", body,
                 f"http://10.77.0.2:80/{size}", timeout=250)
        with open(body, "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        self.assertEqual(digest, hashlib.sha256(b"x" * size).hexdigest())
        print(f"{size} bytes over TCP are the same; {engine.stop()['endings']}", flush=True)


class Parity(parity_test.Parity):
    MORE = ("--mode", MODE)

    def test_verdicts(self):
        """As from the file. NICs pad to 60 bytes, so frames are padded before they get a trailer.
        On one queue, or the order between flows would be another."""
        source = self.path("padded.pcap")
        nic.write_pcap(source, (each.ljust(52, b"\0") for each in lab.frames_of(lab.MIXED)))
        here = self.lab("--mtu", "1600")
        _, differences = self.replay(here, os.path.join(lab.ROOT, "models", "nn1.q8"), "mixed", [source],
                                     rates=RATES)
        self.assertEqual(differences, 0)


for name in [name for name in dir(parity_test.Parity) if name.startswith("test_")]:
    setattr(Parity, name, None)


if __name__ == "__main__":
    os.umask(0o022)
    lab.main()
