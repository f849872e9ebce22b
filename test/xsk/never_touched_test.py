#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""--bypass tcp/22 with everything else dropped: an IPv6 login and a DHCP client keep working, in
both datapaths, on one port and through a bridge; and what is bypassed ends in one counter.

AFXDP_BYPASS_SECONDS: for how long they have to (4; the test with label long: 60)."""

import os
import threading
import time

import lab

SECONDS = float(os.environ.get("AFXDP_BYPASS_SECONDS", "4"))
DATAPATHS = ("afxdp", "kernel")

# Answers at TCP 22 and 23 over IPv6, and at DHCP's port with leases of one address: argv: interface.
SERVER = """
import select, socket, sys
def listener(port):
    s = socket.socket(socket.AF_INET6)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("::", port))
    s.listen(16)
    return s
dhcp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
dhcp.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, sys.argv[1].encode())
dhcp.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
dhcp.bind(("0.0.0.0", 67))
doors = [listener(22), listener(23)]
print("ready", flush=True)
while True:
    for s in select.select([dhcp, *doors], [], [])[0]:
        if s is not dhcp:
            door, _ = s.accept()
            door.sendall(b"login")
            door.close()
            continue
        asked, _ = dhcp.recvfrom(1500)
        kind = {1: 2, 3: 5}[asked[242]]  # discover: offer, request: acknowledgement
        dhcp.sendto(bytes([2]) + asked[1:16] + bytes([10, 77, 1, 99]) + asked[20:240]
                    + bytes([53, 1, kind, 255]), ("255.255.255.255", 68))
"""

# A lease, again and again, from a host without an address of its own: argv: interface, seconds.
CLIENT = """
import os, socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, sys.argv[1].encode())
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
s.bind(("0.0.0.0", 68))
s.settimeout(2)
def ask(kind, number):
    s.sendto(bytes([1, 1, 6, 0]) + number + bytes(228) + bytes([99, 130, 83, 99, 53, 1, kind, 255]),
             ("255.255.255.255", 67))
    while True:
        answer = s.recv(1500)
        if answer[4:8] == number and answer[0] == 2:
            return answer[242], answer[16:20]
end, leases = time.monotonic() + float(sys.argv[2]), 0
while time.monotonic() < end:
    number = os.urandom(4)
    assert ask(1, number) == (2, bytes([10, 77, 1, 99]))
    assert ask(3, number) == (5, bytes([10, 77, 1, 99]))
    leases += 1
    time.sleep(0.2)
print(leases)
"""

# argv: address, port: what the door says.
LOGIN = """
import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 2)
print(s.recv(9).decode())
"""


class Service(lab.Test):
    def host(self, ports):
        """A lab of IPv6, where no neighbour is known."""
        here = self.lab("--ipv6", *(("--two-ports",) if ports == 2 else ()))
        place, interface = ("sink", "sink0") if ports == 2 else ("eng", "eng0")
        server = here.start(place, "/usr/bin/python3", "-c", SERVER, interface, stdout=-1,
                            text=True)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        self.assertEqual(server.stdout.readline(), "ready\n")
        return here

    def forget(self, here, ports):
        here.forget_neighbours("gen", "gen0")
        here.forget_neighbours(*(("sink", "sink0") if ports == 2 else ("eng", "eng0")))
        for place, interface in (("gen", "gen0"), ("sink", "sink0") if ports == 2
                                 else ("eng", "eng0")):
            here.run(place, "ip", "-6", "neighbour", "flush", "dev", interface, "nud", "all")

    def login(self, here, port, address="fd77::2"):
        return here.run("gen", "/usr/bin/python3", "-c", LOGIN, address, str(port),
                        check=False).stdout.strip()

    def live_on(self, results, datapath, ports):
        here = self.host(ports)
        wire = ("--iface", "eng0", *(("--bridge", "eng1") if ports == 2 else ()))
        engine = here.engine(*wire, "--datapath", datapath, "--bypass", "tcp/22", "--action",
                             "unclassified=drop")
        client = here.start("gen", "/usr/bin/python3", "-c", CLIENT, "gen0", str(SECONDS),
                            stdout=-1, text=True)
        end, logins = time.monotonic() + SECONDS, []
        while time.monotonic() < end:
            self.forget(here, ports)
            logins.append(self.login(here, 22))
        leases = client.communicate(timeout=30)[0].strip()
        barred = self.login(here, 23), here.ping(1)
        report = engine.stop()
        results[datapath, ports] = (logins, client.returncode, leases, barred, report)

    def test_an_ipv6_login_and_a_dhcp_client_keep_working(self):
        results = {}
        threads = [threading.Thread(target=self.live_on, args=(results, datapath, ports))
                   for datapath in DATAPATHS for ports in (1, 2)]
        for thread in threads:
            thread.start()
            time.sleep(0.1)
        for thread in threads:
            thread.join()
        self.assertEqual(len(results), 4)
        for (datapath, ports), (logins, status, leases, barred, report) in results.items():
            with self.subTest(datapath=datapath, ports=ports):
                print(f"{datapath}, {ports} ports: {len(logins)} logins, {leases} leases, "
                      f"{report['endings']['dropped']} packets dropped", flush=True)
                self.assertEqual(set(logins), {"login"})
                self.assertEqual(status, 0)
                self.assertGreater(int(leases), SECONDS)
                self.assertEqual(barred, ("", 0))
                self.assertGreater(report["endings"]["dropped"], 0)
                self.assertEqual(report["endings"]["dropped"],
                                 report["packets"] - report["other"])


class Fragments(lab.Test):
    def test_datagrams_of_a_service_arrive_whole(self):
        """And those of no service don't, though their fragments have no ports to tell."""
        for datapath in DATAPATHS:
            for family, bind, to in (("AF_INET", "10.77.0.2", "10.77.0.2"),
                                     ("AF_INET6", "::", "fd77::2")):
                with self.subTest(datapath=datapath, family=family):
                    here = self.lab("--two-ports", "--ipv6")
                    engine = here.engine("--iface", "eng0", "--bridge", "eng1", "--datapath",
                                         datapath, "--bypass", "udp/5000", "--action",
                                         "unclassified=drop")
                    counter = here.start(
                        "sink", "/usr/bin/python3", "-c",
                        "import select, socket\n"
                        f"s = [socket.socket(socket.{family}, socket.SOCK_DGRAM) for _ in '12']\n"
                        f"for i in (0, 1): s[i].bind(('{bind}', 5000 + i))\n"
                        "print('ready', flush=True)\n"
                        "came = [0, 0]\n"
                        "while select.select(s, [], [], 1.5)[0]:\n"
                        "    for t in select.select(s, [], [])[0]:\n"
                        "        came[s.index(t)] += len(t.recv(9999)) == 4000\n"
                        "print(came)", stdout=-1, text=True)
                    self.assertEqual(counter.stdout.readline(), "ready\n")
                    here.run("gen", "/usr/bin/python3", "-c",
                             "import socket, time\n"
                             f"s = socket.socket(socket.{family}, socket.SOCK_DGRAM)\n"
                             "for i in range(60):\n"
                             f"    s.sendto(bytes(4000), ('{to}', 5000 + i % 3 % 2))\n"
                             "    time.sleep(0.005)")
                    came = counter.communicate(timeout=20)[0].strip()
                    report = engine.stop()
                    self.assertEqual(came, "[40, 0]")
                    self.assertGreaterEqual(report["endings"]["dropped"], 60)
                    self.assertGreaterEqual(bypassed(report), 120)


def bypassed(report):
    return sum(queue.get("xdp_bypassed", 0) for queue in report["queues"])


class Counters(lab.Test):
    def test_what_the_other_port_refuses_is_counted(self):
        """Across to a port that is down: Σ is exact, and the loss has its own counter."""
        for datapath in DATAPATHS:
            with self.subTest(datapath=datapath):
                here = self.lab("--two-ports")
                engine = here.engine("--iface", "eng0", "--bridge", "eng1", "--datapath", datapath,
                                     "--bypass", "udp")
                sent = here.generate("--count", "500", "--rate", "5000")["sent"]
                here.run("eng", "ip", "link", "set", "eng1", "down")
                sent += here.generate("--count", "300", "--rate", "5000")["sent"]
                time.sleep(0.2)
                report = engine.stop()
                self.assertEqual(report["packets"], 0)
                self.assertEqual(bypassed(report), sent)
                port = report["ports"][0]
                if "crossing_lost" not in port:
                    self.skipTest("the kernel has no tracepoints for XDP")
                self.assertEqual(port["crossing_lost"], 300)

    def test_a_peer_without_a_program_refuses(self):
        """Its interface takes no redirected frames: all are lost, and counted as that."""
        here = self.lab("--two-ports")
        engine = here.engine("--iface", "eng0", "--bridge", "eng1", "--datapath", "kernel",
                             "--bypass", "udp")
        here.run("sink", "ip", "link", "set", "sink0", "xdp", "off")
        sent = here.generate("--count", "400", "--rate", "5000")["sent"]
        time.sleep(0.2)
        report = engine.stop()
        self.assertEqual(bypassed(report), sent)
        port = report["ports"][0]
        if "crossing_lost" not in port:
            self.skipTest("the kernel has no tracepoints for XDP")
        self.assertEqual(port["crossing_lost"] + port["nic_tx_dropped"], sent)


class Hairpin(lab.Test):
    def test_a_service_and_arp_reach_the_host(self):
        """What isn't touched isn't sent back either, in both datapaths."""
        for datapath in DATAPATHS:
            with self.subTest(datapath=datapath):
                here = self.lab()
                engine = here.engine("--iface", "eng0", "--hairpin", "--datapath", datapath,
                                     "--bypass", "icmp")
                here.forget_neighbours("gen", "gen0")
                here.forget_neighbours("eng", "eng0")
                self.assertEqual(here.ping(3), 3)
                sent = here.generate("--count", "100", "--rate", "5000")["sent"]
                time.sleep(0.2)
                report = engine.stop()
                self.assertEqual(bypassed(report), 3)
                self.assertEqual(report["endings"]["forwarded"], sent)


if __name__ == "__main__":
    lab.main()
