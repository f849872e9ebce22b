#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Packets through Linux's own VXLAN device: on the wire each has the verdict that it has in a
capture of the same wire, in both datapaths."""

import csv
import itertools
import signal
import subprocess
import time

import lab

DATAPATHS = ((), ("--datapath", "kernel"))
OPENED = ("--tunnels", "vxlan", "--flow-key", "tunnel,vlan,interface")
ENDS = {4: ("10.99.0.1/24", "10.99.0.2"), 6: ("fd99::1/64", "fd99::2")}
OF_THE_RUN = ("index", "queue", "time")  # each side counts and stamps its own way
SENT, PACKETS = ("TCP", "UDP"), 720
SENDER = """
import socket
for to in ("10.99.0.2", "fd99::2", "10.77.0.2"):
    for i in range(120):
        family = socket.AF_INET6 if ":" in to else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as sender:
            sender.bind(("", 20000 + i % 7))
            sender.sendto(bytes(i * 9), (to, 9999 if i % 3 == 0 else 5000 + i))
        with socket.socket(family, socket.SOCK_STREAM) as caller:
            caller.setblocking(False)
            caller.connect_ex((to, 9999 if i % 4 == 0 else 80))
"""


class Tunnels(lab.Test):
    def tunnel(self, here):
        """A device whose other end is at the engine's port; its hosts' neighbours are known."""
        for words in ("link add vx0 type vxlan id 7 dstport 4789 local 10.77.0.1 remote 10.77.0.2 dev gen0",
                      "link set vx0 up"):
            here.run("gen", "ip", *words.split())
        for version, (own, other) in ENDS.items():
            nodad = ["nodad"] if version == 6 else []
            here.run("gen", "ip", "address", "add", own, "dev", "vx0", *nodad)
            here.run("gen", "ip", "neighbour", "add", other, "dev", "vx0", "lladdr", "02:00:00:00:99:02")

    def rows(self, path):
        """What is said of each packet that the sender sent, in order: IPv6 has its own to say."""
        with open(path, newline="", encoding="ascii") as file:
            return [{name: value for name, value in row.items() if name not in OF_THE_RUN}
                    for row in csv.DictReader(file) if row["proto"] in SENT]

    def compare(self, datapath):
        here = self.lab("--mtu", "1600")
        self.tunnel(here)
        model, sent = self.model("attack"), self.path("sent.pcap")
        live, file = self.path("live.csv"), self.path("file.csv")
        engine = here.engine("--iface", "eng0", *datapath, *OPENED, "--verdicts", live, model=model)
        dump = here.start("gen", "tcpdump", "-i", "gen0", "-Q", "out", "-U", "-w", sent, "udp or tcp",
                          stderr=subprocess.PIPE, text=True)
        self.assertIn("listening", dump.stderr.readline())
        here.run("gen", "/usr/bin/python3", "-c", SENDER)
        self.until(lambda: len(lab.frames_of(sent)) >= PACKETS, what="a capture of all")
        time.sleep(0.3)  # some may have been IPv6's own
        dump.send_signal(signal.SIGINT)
        dump.communicate(timeout=20)
        engine.stop()
        subprocess.run([lab.ENGINE, "--pcap", sent, "--model", model, *OPENED, "--verdicts", file],
                       check=True, stdout=subprocess.DEVNULL, timeout=60)
        seen, expected = self.rows(live), self.rows(file)
        differences = sum(a != b for a, b in itertools.zip_longest(seen, expected))
        attacks = sum(row["class"] == "attack" for row in expected)
        print(f"{datapath or 'AF_XDP'}: {len(expected)} packets, {attacks} attacks, "
              f"{differences} differences", flush=True)
        self.assertEqual((differences, len(expected)), (0, PACKETS))
        self.assertGreater(attacks, 150)

    def test_both_datapaths(self):
        for datapath in DATAPATHS:
            with self.subTest(datapath=datapath):
                self.compare(datapath)


if __name__ == "__main__":
    lab.main()
