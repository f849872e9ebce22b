#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A real driver in the place of the lab's veth pairs; run in the guest by matrix.py.

AFXDP_VM_MODE is the mode to ask for, AFXDP_VM_QUEUES how many queues, AFXDP_VM_QUICK=1 for fewer
frames. Rates are low, because QEMU's hubs drop what they have no room for: what is asserted is
modes, contents, counts and settings."""

import collections
import hashlib
import os
import re
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "xsk"))
import bridge_test  # noqa: E402
import lab  # noqa: E402
import parity_test  # noqa: E402

MODE = os.environ.get("AFXDP_VM_MODE", "copy")
QUEUES = os.environ.get("AFXDP_VM_QUEUES", "1")
QUICK = os.environ.get("AFXDP_VM_QUICK") == "1"
DRIVER = os.environ.get("AFXDP_VM_DRIVER", "")
COUNT = 3000 if QUICK else 100000
RATES = ("3000", "1000", "500")
FILL = bytes(range(256)) * 8
TRACING = "/sys/kernel/tracing"
AT_WORK = ("--mode", MODE, "--queues", QUEUES)
# virtio_net takes nothing from another port's zero-copy memory: all goes through the ring there.
BARRED = DRIVER == "virtio_net" and MODE == "zerocopy"
BYPASS = () if BARRED else ("--bypass", "tcp/22")
BRIDGE = ("--iface", "eng0", "--bridge", "eng1", *AT_WORK)


class Copies:
    """Packets that the kernel copied into a socket, by a probe on the function that does."""

    def __enter__(self):
        self.write("kprobe_events", "p:vm/copied __xsk_rcv")
        self.write("events/vm/copied/enable", "1")
        self.before = self.count()
        return self

    def __exit__(self, *_):
        self.write("events/vm/copied/enable", "0")
        self.write("kprobe_events", "-:vm/copied")

    @staticmethod
    def write(name, text):
        file = os.open(os.path.join(TRACING, name), os.O_WRONLY)  # emptied, it would forget probes
        try:
            os.write(file, text.encode() + b"\n")
        finally:
            os.close(file)

    @staticmethod
    def count():
        with open(os.path.join(TRACING, "kprobe_profile"), encoding="ascii") as file:
            return sum(int(line.split()[1]) for line in file if line.split()[0] == "copied")

    def since(self):
        return self.count() - self.before


def frame(number):
    """UDP of every length from 60 to 1,514 in 97 flows; every tenth is ARP, VLAN, LLDP or bypassed
    TCP in turn."""
    size = 60 + number * 37 % 1455
    source = 0x0A000001 + number % 97
    head = bytes.fromhex("020000000002020000000001")
    special = number // 10 % 4 if number % 10 == 0 else None
    if special == 0:
        return head + b"\x08\x06" + struct.pack(">I", number) + bytes(size - 18)
    if special == 1:
        return head + b"\x88\xcc" + struct.pack(">I", number) + bytes(size - 18)
    vlan = struct.pack(">HH", 0x8100, 1 + number % 4000) if special == 2 else b""
    length = size - 14 - len(vlan)
    protocol = 6 if special == 3 else 17
    packet = struct.pack(">BBHHHBBHII", 0x45, 0, length, number & 0xFFFF, 0, 64, protocol, 0,
                         source, 0x0A800001)
    if protocol == 6:
        packet += struct.pack(">HHIIBBHHH", 5000, 22, number, 0, 0x50, 0x10, 512, 0, 0)
    else:
        packet += struct.pack(">HHHHI", 1000 + number % 97, 53, length - 20, 0, number)
    fill = number % 256
    return head + vlan + b"\x08\x00" + packet + FILL[fill:fill + length - len(packet)]


def write_pcap(path, frames):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1))
        for i, each in enumerate(frames):
            file.write(struct.pack("<IIII", i // 1000, i % 1000 * 1000000, len(each), len(each)))
            file.write(each)


def way_of(each):
    """Frames of one way keep their order: a flow, and each kind that takes the short way."""
    if each[12:14] == b"\x08\x00":
        return each[23:24] + each[26:38]
    return each[12:14] + (each[30:42] if each[12:14] == b"\x81\x00" else b"")


class Wire(bridge_test.Bytes):
    """Only its helpers: unittest finds no test of Bytes here."""

    test_identical = test_jumbo = test_jumbo_dropped = test_hairpin = None

    def source(self, frames):
        path = self.path("source.pcap")
        write_pcap(path, frames)
        return path

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
        frames = [frame(i) for i in range(COUNT)]
        source = self.source(frames)
        ip = [each for each in frames if way_of(each)[:1] != b"\x08" and each[12:14] not in (
            b"\x08\x06", b"\x88\xcc")]
        for rate in RATES:
            here = self.lab("--queues", QUEUES)
            with Copies() as copies:
                engine = self.start(here, "--iface", "eng0", *AT_WORK)
                here.generate("--pcap", source, "--rate", rate, timeout=280)
                time.sleep(1)
                report = engine.stop()
                if report["packets"] == len(ip):
                    self.mode_is_real(copies, report, len(ip))
                    break
            print(f"{len(ip) - report['packets']} lost at {rate} a second", flush=True)
            here.close()
        self.assertEqual((report["packets"], report["bytes"], report["malformed"]),
                         (len(ip), sum(map(len, ip)), 0))

    def test_bridge(self):
        """What goes in comes out, to the last bit, and in order where order means something."""
        frames = [frame(i) for i in range(COUNT)]
        source, came_file = self.source(frames), self.path("came.pcap")
        for rate in RATES:
            here = self.lab("--two-ports", "--queues", QUEUES)
            with Copies() as copies:
                engine = self.start(here, *BRIDGE, *BYPASS)
                dumpcap = self.recorded(here, came_file)
                here.generate("--pcap", source, "--rate", rate, timeout=280)
                time.sleep(1.5)
                dumpcap.terminate()
                dumpcap.wait(timeout=20)
                dumpcap.stderr.close()
                report = engine.stop()
                came = lab.frames_of(came_file)
                if len(came) >= COUNT:
                    self.mode_is_real(copies, report, report["packets"])
                    break
            print(f"{COUNT - len(came)} lost at {rate} a second", flush=True)
            here.close()
        self.assertEqual(len(came), COUNT)
        wanted, found = collections.defaultdict(list), collections.defaultdict(list)
        for each in frames:
            wanted[way_of(each)].append(each)
        for each in came:
            found[way_of(each)].append(each)
        self.assertEqual(sum(wanted[way] != found[way] for way in wanted), 0, "ways that differ")
        sums = collections.Counter()
        for queue in report["queues"]:
            sums.update({name: queue.get(name, 0) for name in ("xdp_other", "xdp_bypassed")})
        print(f"{len(came)} frames in {len(wanted)} ways are the same; {dict(sums)}", flush=True)
        self.assertEqual(report["endings"]["forwarded"] + sum(sums.values()), COUNT)
        self.assertEqual(sum(port.get("crossing_lost", 0) for port in report["ports"]), 0)

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
        self.assertEqual(here.ping(5, wait=3), 5)
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
        """As from the file. NICs pad to 60 bytes, so frames are padded before they get a trailer;
        virtio over a hub changes their order unless they come one by one."""
        source = self.path("padded.pcap")
        write_pcap(source, (each.ljust(52, b"\0") for each in lab.frames_of(lab.MIXED)))
        here = self.lab("--mtu", "1600")
        _, differences = self.replay(here, os.path.join(lab.ROOT, "models", "nn.q8"), "mixed", [source],
                                     rates=RATES if DRIVER == "igb" else ("300",))
        self.assertEqual(differences, 0)


for name in [name for name in dir(parity_test.Parity) if name.startswith("test_")]:
    setattr(Parity, name, None)


class Life(lab.Test):
    def settings(self, here):
        """What an engine changes of a port."""
        said = {}
        for what in ("-l", "-x", "-k"):
            said[what] = here.run("eng", "ethtool", what, "eng0", check=False).stdout
        said["flags"] = re.search(r"<(.*?)>", here.run("eng", "ip", "link", "show",
                                                       "eng0").stdout).group(1).split(",")
        said["flags"] = sorted(set(said["flags"]) - {"LOWER_UP", "NO-CARRIER"})
        done = subprocess.run(["ip", "netns", "exec", f"{here.name}-eng", "cat",
                               "/sys/class/net/eng0/napi_defer_hard_irqs"], capture_output=True,
                              text=True, check=False)
        said["napi_defer_hard_irqs"] = done.stdout
        return said

    def test_settings(self):
        """After every end the port is as before."""
        here = self.lab("--queues", "1")
        before = self.settings(here)
        options = ["--iface", "eng0", "--mode", MODE, "--busy-poll", "64"]
        if int(QUEUES) > 1:
            options += ["--queues", QUEUES, "--set-channels", "--symmetric-rss"]
        engine = here.engine(*options)
        engine.stop()
        self.assertNotIn("cannot put back", engine.stderr())
        self.assertEqual(self.settings(here), before, "after a clean end")
        status, said = here.refused(*options, "--cores", "99")
        self.assertEqual(status, 2, said)
        self.assertEqual(self.settings(here), before, "after a failed start")
        here.engine(*options).kill()
        self.assertNotEqual(self.settings(here), before, "after a kill")
        engine = here.engine("--iface", "eng0", "--mode", MODE, "--queues", QUEUES)
        engine.stop()
        self.assertNotIn("put back", engine.stderr())
        self.assertEqual(self.settings(here), before, "after a kill and a clean end")
        if int(QUEUES) > 1:  # the kernel refuses fewer channels under a user's table
            here.run("eng", "ethtool", "-L", "eng0", "combined", QUEUES)
            here.run("eng", "ethtool", "-L", "eng0", "combined", "1")

    def test_link_goes_and_comes(self):
        here = self.lab("--queues", QUEUES)
        engine = here.engine("--iface", "eng0", *AT_WORK)
        for _ in range(5 if QUICK else 50):
            here.run("eng", "ip", "link", "set", "eng0", "down")
            here.run("eng", "ip", "link", "set", "eng0", "up")
        self.until(lambda: "LOWER_UP" in here.run("eng", "ip", "link", "show", "eng0").stdout, 20)
        time.sleep(1)
        sent = here.generate("--count", "200", "--rate", "500")["sent"]
        time.sleep(0.5)
        self.assertGreaterEqual(engine.stop()["packets"], sent)

    def test_kills(self):
        """Killed under load again and again; the next one has it all."""
        here = self.lab("--queues", QUEUES)
        kills = 3 if QUICK else 20
        load = here.start("gen", lab.GENERATE, "--iface", "gen0", "--count", str(kills * 4000),
                          "--rate", "1000", stdout=subprocess.DEVNULL)
        self.addCleanup(load.wait)
        self.addCleanup(load.kill)
        for _ in range(kills):
            engine = here.engine("--iface", "eng0", *AT_WORK)
            time.sleep(0.3)
            engine.kill()
        load.kill()
        load.wait()
        engine = here.engine("--iface", "eng0", *AT_WORK)
        sent = here.generate("--count", "200", "--rate", "500")["sent"]
        time.sleep(0.5)
        self.assertGreaterEqual(engine.stop()["packets"], sent)

    def test_unplug(self):
        """The device goes, the engine says so; it comes back, and another takes it."""
        here = self.lab()
        engine = here.engine("--iface", "eng0", "--mode", MODE)
        device = subprocess.run(["ip", "netns", "exec", f"{here.name}-eng", "readlink", "-f",
                                 "/sys/class/net/eng0/device"], capture_output=True, text=True,
                                check=True).stdout.strip()
        while not os.path.exists(os.path.join(device, "remove")):
            device = os.path.dirname(device)  # of a virtio device: its PCI device
        with open(os.path.join(device, "remove"), "w", encoding="ascii") as file:
            file.write("1\n")
        self.assertEqual(engine.end(), 1, engine.stderr())
        self.assertIn("removed", engine.stderr())
        nics = set(os.listdir("/sys/class/net"))
        with open("/sys/bus/pci/rescan", "w", encoding="ascii") as file:
            file.write("1\n")
        self.until(lambda: set(os.listdir("/sys/class/net")) - nics, 20, "its return")
        back, = set(os.listdir("/sys/class/net")) - nics
        subprocess.run(["ip", "link", "set", back, "down"], check=True)
        subprocess.run(["ip", "link", "set", back, "netns", f"{here.name}-eng"], check=True)
        here.run("eng", "ip", "link", "set", back, "name", "eng0", "up")
        self.until(lambda: "LOWER_UP" in here.run("eng", "ip", "link", "show", "eng0").stdout, 20)
        engine = here.engine("--iface", "eng0", "--mode", MODE)
        sent = here.generate("--count", "200", "--rate", "500")["sent"]
        time.sleep(0.5)
        self.assertGreaterEqual(engine.stop()["packets"], sent)


if __name__ == "__main__":
    os.umask(0o022)
    lab.main()
