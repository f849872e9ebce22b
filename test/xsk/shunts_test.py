#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""shunt:N: after N verdicts a flow goes by without the ring, is judged again now and then, and ends
with RST, FIN, silence or another verdict; every packet is in one counter.

AFXDP_LAB_PACKETS: of elephants and mice (400,000). The more there are, the less weigh those that
are judged before their flow goes by: with 2,000,000 nearly 95 % do."""

import os
import subprocess
import time

import either_datapath
import lab

WIRE = ("--iface", "eng0", "--bridge", "eng1")
SHUNT = ("--action", "unclassified=shunt:16")
PACKETS = int(os.environ.get("AFXDP_LAB_PACKETS", "400000"))
ELEPHANTS, MICE = PACKETS * 95 // 100, PACKETS * 5 // 100


def total(report, name):
    return sum(queue.get(name, 0) for queue in report["queues"])


class Shunts(either_datapath.Shunts, lab.Test):
    shunting = (*WIRE, *SHUNT)

    def account(self, report, sent):
        """All that was sent is in the report, once."""
        came = report["packets"] + sum(
            total(report, f"xdp_{name}") for name in ("shunted", "other", "uncrossed"))
        self.assertEqual(sum(map(lab.unexplained, report["queues"])), 0)
        self.assertEqual(came + total(report, "rx_dropped") + total(report, "rx_ring_full"), sent)

    def elephants(self, here, *options):
        """1,000 flows of 95 % of the packets, and a new flow with each of the others: busy time per
        packet that was sent."""
        engine = here.engine("--iface", "eng0", "--forward", "eng1", *options)
        mice = here.start("gen", lab.GENERATE, "--iface", "gen0", "--count", str(MICE), "--flows",
                          "60000", "--rate", "5000", "--length", "80", stdout=subprocess.DEVNULL)
        sent = here.generate("--count", str(ELEPHANTS), "--flows", "1000", "--rate", "95000",
                             "--length", "61")["sent"]
        self.assertEqual(mice.wait(timeout=60), 0)
        report = engine.stop()
        return report, sent + MICE, sum(queue.get("busy_ns", 0) for queue in report["queues"])

    def test_elephants(self):
        """The worker's time for each packet that was sent falls with the share that goes by."""
        here = self.lab("--two-ports")
        times = {True: [], False: []}
        for _ in range(2):
            for shunts in (False, True):
                report, sent, busy = self.elephants(here, *(SHUNT if shunts else ()))
                times[shunts].append(busy / sent)
                if shunts:
                    share = report["shunts"]["packets"] / sent
                    self.account(report, sent + total(report, "xdp_other"))
        plain, shunted = (min(times[shunts]) for shunts in (False, True))
        print(f"busy per packet sent: {plain:.0f} ns, shunted {shunted:.0f} ns, {plain / shunted:.1f} x; "
              f"{share:.1%} went by; {report['shunts']}", flush=True)
        self.assertGreater(share, 0.7)
        self.assertGreater(plain / shunted, 2.5)

    def test_counts(self):
        """A flow of 1,000 packets: 16 and those on their way are judged, then one of a hundred."""
        here = self.lab("--two-ports")
        engine = here.engine(*WIRE, *SHUNT, "--shunt-every", "100")
        sent = here.generate("--count", "20000", "--flows", "10", "--rate", "5000")["sent"]
        report = engine.stop()
        shunts = report["shunts"]
        self.account(report, sent + total(report, "xdp_other"))
        self.assertEqual(shunts["begun"], 10)
        self.assertEqual(shunts["now"], 10)
        self.assertEqual(shunts["packets"], total(report, "xdp_shunted"))
        self.assertEqual(shunts["bytes"], 60 * shunts["packets"])
        self.assertGreater(shunts["packets"], 0.9 * sent)
        self.assertAlmostEqual(shunts["judged"], sent / 100, delta=20)

    def test_ends(self):
        """A connection ends its shunt with FIN; what is silent is judged again."""
        here = self.lab("--two-ports")
        engine = here.engine(*WIRE, *SHUNT, "--shunt-seconds", "1")
        server = here.start("sink", "python3", "-c", "import socket; s = socket.create_server(('', 9))"
                            "; print(flush=True); c = s.accept()[0]\nwhile c.recv(9): c.send(b'x')",
                            stdout=subprocess.PIPE)
        server.stdout.readline()
        here.run("gen", "python3", "-c", "import socket, time\n"
                 "s = socket.create_connection(('10.77.0.2', 9), timeout=5)\n"
                 "for _ in range(60): s.send(b'x'); s.recv(1); time.sleep(0.005)\n")
        server.wait(timeout=10)
        server.stdout.close()
        self.assertEqual(here.ping(count=40, interval=0.01), 40)
        time.sleep(1.2)
        self.assertEqual(here.ping(count=1), 1)
        report = engine.stop()
        shunts = report["shunts"]
        self.assertGreaterEqual(shunts["finished"], 1)
        self.assertGreater(shunts["packets"], 40)

    def test_another_verdict(self):
        """Once its class isn't to be shunted any more, a flow's next judged packet ends it."""
        here = self.lab("--two-ports")
        engine = here.engine(*WIRE, *SHUNT, "--shunt-every", "50")
        here.generate("--count", "2000", "--flows", "4", "--rate", "5000")
        here.run("eng", lab.ENGINE, "ctl", "set-action", "unclassified=drop")
        here.generate("--count", "2000", "--flows", "4", "--rate", "5000")
        shunts = engine.stop()["shunts"]
        self.assertEqual(shunts["begun"], 4)
        self.assertEqual(shunts["otherwise"], 4)
        self.assertEqual(shunts["now"], 0)

    def test_single_port(self):
        """On a single port what isn't shunted yet is consumed, and the host gets the rest."""
        here = self.lab()
        engine = here.engine("--iface", "eng0", "--action", "unclassified=shunt:4")
        came_back = here.ping(count=40, interval=0.02)
        report = engine.stop()
        self.assertGreaterEqual(report["endings"]["consumed"], 4)
        self.assertGreater(came_back, 20)
        self.assertEqual(came_back, total(report, "xdp_shunted"))

    def test_refused(self):
        here = self.lab("--two-ports")
        for options, why in ((("--iface", "eng0", "--hairpin"), "leave --hairpin out"),
                             ((*WIRE, "--tunnels", "vxlan"), "inside a tunnel")):
            status, said = here.refused(*options, *SHUNT)
            self.assertEqual(status, 2)
            self.assertIn(why, said)


if __name__ == "__main__":
    lab.main()
