#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Inline: what goes in comes out, unchanged, and sessions run through while attacks are dropped."""

import os
import subprocess
import time

import lab

WIRE = ("--iface", "eng0", "--bridge", "eng1")
SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"x" * int(self.path[1:])
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *arguments):
        pass
http.server.HTTPServer(("10.77.0.2", int(sys.argv[1])), Handler).serve_forever()
"""


class Bytes(lab.Test):
    def recorded(self, here, path):
        """Records what arrives at the sink, VLAN tags included."""
        dumpcap = here.start("sink", "dumpcap", "-q", "-P", "-B", "64", "-i", "sink0", "-w", path,
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(dumpcap.kill)
        while "File:" not in dumpcap.stderr.readline():
            self.assertIsNone(dumpcap.poll())
        return dumpcap

    def attempt(self, here, rate, *generate):
        """What was sent, what came, and the report."""
        sent_file, came = self.path("sent.pcap"), self.path("came.pcap")
        engine = here.engine(*WIRE)
        dumpcap = self.recorded(here, came)
        here.generate("--rate", rate, "--record", sent_file, *generate)
        time.sleep(0.7)
        dumpcap.terminate()
        dumpcap.wait(timeout=20)
        dumpcap.stderr.close()
        return lab.frames_of(sent_file), lab.frames_of(came), engine.stop()

    def crosses(self, here, *generate):
        """All frames cross, unchanged. Only where the machine was too busy to take them all, which
        the counters must explain to the last one, it is tried again more slowly."""
        for rate in ("20000", "5000", "2000"):
            sent, came, report = self.attempt(here, rate, *generate)
            lost = (sum(port["nic_tx_dropped"] for port in report["ports"])
                    + sum(queue["rx_ring_full"] + queue["rx_dropped"] + queue["failed_tx_full"]
                          for queue in report["queues"]))
            self.assertEqual(len(sent), len(came) + lost)
            if lost == 0:
                break
            print(f"{lost} lost at {rate} a second", flush=True)
        # What isn't IP takes the short way and may overtake the rest: each keeps its order.
        different = sum(a != b for a, b in zip(sorted(sent, key=is_ip), sorted(came, key=is_ip)))
        print(f"{len(sent)} sent, {len(came)} came, {different} differ", flush=True)
        self.assertEqual((len(came), different), (len(sent), 0))
        return report, came

    def test_identical(self):
        """Every frame of a capture, ARP and other non-IP included, in order and to the last bit."""
        here = self.lab("--two-ports")
        report, frames = self.crosses(here, "--pcap", lab.MIXED)
        crossed = sum(queue["xdp_other"] for queue in report["queues"])
        self.assertEqual(report["endings"]["forwarded"] + crossed, len(frames))
        self.assertGreater(crossed, 0)

    def test_jumbo(self):
        """Frames of several chunks are classified, and cross whole."""
        here = self.lab("--two-ports", "--mtu", "9000")
        source = self.path("jumbo.pcap")
        write_jumbo(source, 2000)
        report, frames = self.crosses(here, "--pcap", source, "--longest", "9014")
        self.assertTrue(report["multi_buffer"])
        self.assertEqual(report["bytes"], sum(map(len, frames)))
        self.assertEqual(report["classes"]["unclassified"], 2000)
        self.assertEqual(sum(queue["tx_unfinished"] for queue in report["queues"]), 0)

    def test_jumbo_dropped(self):
        """Dropped ones give all their chunks back: more go through than there are chunks."""
        here = self.lab("--mtu", "9000")
        engine = here.engine("--iface", "eng0", "--ring-rx", "2048", "--ring-fill", "2048",
                             "--ring-tx", "64")
        sent = here.generate("--count", "5000", "--length", "9000", "--rate", "5000")
        report = engine.stop()
        self.assertEqual(report["packets"], sent["sent"])
        self.assertEqual(report["bytes"], 5000 * 9000)

    def test_hairpin(self):
        """Back out of the same port, with the Ethernet addresses swapped."""
        here = self.lab()
        engine = here.engine("--iface", "eng0", "--hairpin")
        came = self.path("came.pcap")
        dumpcap = here.start("gen", "dumpcap", "-q", "-P", "-i", "gen0", "-w", came, "-f",
                             "ether src 02:00:00:00:00:02", stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, text=True)
        self.addCleanup(dumpcap.kill)
        while "File:" not in dumpcap.stderr.readline():
            self.assertIsNone(dumpcap.poll())
        here.generate("--count", "1000", "--rate", "5000")
        time.sleep(0.7)
        dumpcap.terminate()
        dumpcap.wait(timeout=20)
        dumpcap.stderr.close()
        frames = lab.frames_of(came)
        self.assertEqual(engine.stop()["endings"]["forwarded"], 1000)
        self.assertEqual(len(frames), 1000)
        self.assertEqual({frame[:12] for frame in frames},
                         {bytes.fromhex("020000000001020000000002")})


def is_ip(frame):
    at = 12
    while frame[at:at + 2] in (b"\x81\x00", b"\x88\xa8") and at < 20:
        at += 4
    return frame[at:at + 2] in (b"\x08\x00", b"\x86\xdd")


def write_jumbo(path, count):
    """UDP packets of up to 9,000 bytes behind a VLAN tag or none, as a pcap with nanoseconds."""
    import struct
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1))
        for i in range(count):
            size = (60, 1500, 1800, 3500, 4100, 8972)[i % 6]
            ip = struct.pack(">BBHHHBBHII", 0x45, 0, 28 + size, i, 0, 64, 17, 0, 0x0A000001 + i % 7,
                             0x0A800001)
            udp = struct.pack(">HHHH", 5000 + i % 11, 53, 8 + size, 0)
            frame = (bytes.fromhex("0200000000020200000000010800") + ip + udp
                     + bytes((i + j) % 256 for j in range(size)))
            file.write(struct.pack("<IIII", i, 0, len(frame), len(frame)) + frame)


class Sessions(lab.Test):
    def serve(self, here, port):
        server = here.start("sink", "/usr/bin/python3", "-c", SERVER, str(port))
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        self.until(lambda: here.run("sink", "ss", "-Hltn", f"sport = :{port}").stdout,
                   20, "listening")

    def fetch(self, here, port, size):
        return here.run("gen", "curl", "--silent", "--max-time", "4", f"http://10.77.0.2:{port}/{size}",
                        check=False, timeout=20)

    def test_sessions_and_an_attack(self):
        """ARP, ping and HTTP run through the engine while an attack class is dropped and a flood
        comes along. 9999 is the attack's port."""
        here = self.lab("--two-ports")
        engine = here.engine(*WIRE, "--action", "attack=drop", model=self.model("attack"))
        for place, interface in (("gen", "gen0"), ("sink", "sink0")):
            here.forget_neighbours(place, interface)
        self.serve(here, 80)
        self.serve(here, 9999)
        flood = here.start("gen", lab.GENERATE, "--iface", "gen0", "--count", "20000", "--rate",
                           "5000", stdout=subprocess.DEVNULL)
        pings = here.ping(10, 0.05)
        bodies = [len(self.fetch(here, 80, 300000).stdout) for _ in range(5)]
        attack = self.fetch(here, 9999, 10)
        flood.wait(timeout=30)
        report = engine.stop()
        print(f"{pings} of 10 pings, {sum(bodies)} bytes of HTTP; attack: curl status "
              f"{attack.returncode}, {report['classes']['attack']} packets, endings "
              f"{report['endings']}")
        self.assertEqual(pings, 10)
        self.assertEqual(bodies, [300000] * 5)
        self.assertEqual(attack.returncode, 28, "timed out: its packets are dropped")
        self.assertGreater(report["classes"]["attack"], 0)
        self.assertEqual(report["endings"]["dropped"], report["classes"]["attack"])
        crossed = sum(queue["xdp_other"] for queue in report["queues"])
        self.assertGreaterEqual(crossed, 2, "ARP both ways")

    def test_bypass(self):
        """--bypass traffic crosses without the engine seeing it."""
        here = self.lab("--two-ports")
        engine = here.engine(*WIRE, "--bypass", "tcp/9999", "--bypass", "icmp", "--action",
                             "attack=drop", model=self.model("attack"))
        self.serve(here, 9999)
        self.assertEqual(len(self.fetch(here, 9999, 1000).stdout), 1000)
        self.assertEqual(here.ping(2), 2)
        report = engine.stop()
        self.assertEqual(report["packets"], 0)
        self.assertGreater(sum(queue["xdp_bypassed"] for queue in report["queues"]), 10)

    def test_lost_on_the_way_across(self):
        """Packets that were to cross to a port that is down are counted where the kernel tells."""
        here = self.lab("--two-ports")
        engine = here.engine(*WIRE, "--bypass", "udp/9")
        here.generate("--count", "500", "--rate", "5000")
        here.run("eng", "ip", "link", "set", "eng1", "down")
        here.generate("--count", "300", "--rate", "5000")
        port = engine.stop()["ports"][0]
        if "crossing_lost" not in port:
            self.skipTest("the kernel has no tracepoints for XDP")
        self.assertEqual(port["crossing_lost"], 300)

    def test_forward(self):
        """One way only: what comes in by eng1 belongs to the host."""
        here = self.lab("--two-ports")
        engine = here.engine("--iface", "eng0", "--forward", "eng1")
        sent = here.generate("--count", "1000", "--rate", "20000")
        self.assertEqual(here.ping(1), 0)
        report = engine.stop()
        self.assertEqual(report["endings"]["forwarded"], sent["sent"] + 1)
        self.assertEqual(report["queues"][1]["received"], 0)

    def test_generic_mode(self):
        here = self.lab("--two-ports")
        engine = here.engine(*WIRE, "--mode", "skb")
        self.assertEqual(here.ping(5, 0.05), 5)
        report = engine.stop()
        self.assertEqual(report["mode"], "skb")
        self.assertEqual(report["ports"][0]["attach_mode"], "generic")
        self.assertEqual(report["endings"]["forwarded"], 10)


if __name__ == "__main__":
    os.umask(0o022)
    lab.main()
