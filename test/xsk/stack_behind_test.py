#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What a stack behind a veth leaves for later crosses whole: checksums that are only the pseudo
header's sum, and VLAN tags beside the frame."""

import collections
import contextlib
import os
import shutil
import socket
import struct
import subprocess
import time

import lab

ENDS = (("gen", "gen0"), ("eng", "eng0"), ("eng", "eng1"), ("sink", "sink0"))
WAYS = {"afxdp": (), "kernel": ("--datapath", "kernel"), "skb": ("--mode", "skb"),
        "skb kernel": ("--mode", "skb", "--datapath", "kernel")}
SECONDS = 1
SOL_PACKET, PACKET_AUXDATA, VLAN_VALID = 263, 8, 1 << 4


def folded(data):
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + bytes(len(data) % 2)))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def is_right(frame):
    """The checksum of an IPv4 frame's TCP or UDP."""
    header = (frame[14] & 15) * 4
    length = struct.unpack_from("!H", frame, 16)[0] - header
    pseudo = frame[26:34] + struct.pack("!HH", frame[23], length)
    return folded(pseudo + frame[14 + header:14 + header + length]) == 0xffff


class Listener:
    """Frames as they come in to the sink; their tags beside them, as on every Linux."""

    def __init__(self, here):
        self.socket = lab.inside(here.namespace("sink"), lambda: socket.socket(
            socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)))
        self.socket.bind(("sink0", 0))
        self.socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        self.socket.setblocking(False)

    def frames(self):
        """(frame, tag or None) of what has come in by the port itself."""
        while True:
            try:
                frame, notes, _, address = self.socket.recvmsg(65536, 256)
            except BlockingIOError:
                return
            status, _, _, _, _, tci, _ = struct.unpack("IIIHHHH", notes[0][2])
            if address[2] != socket.PACKET_OUTGOING:
                yield frame, tci if status & VLAN_VALID else None

    def close(self):
        self.socket.close()


class StackBehind(lab.Test):
    def stacks(self):
        """A bridge between two stacks as Linux sets them."""
        here = self.lab("--two-ports")
        for place, interface in ENDS:
            # Not GRO: what it joins at the sink has a partial checksum again.
            for feature in ("rx", "tx", "tso", "gso", "rxvlan", "txvlan"):
                here.run(place, "ethtool", "-K", interface, feature, "on", check=False)
        return here

    @staticmethod
    def bridge(here, *options):
        return contextlib.closing(here.engine("--iface", "eng0", "--bridge", "eng1", *options))

    def listen(self, here):
        listener = Listener(here)
        self.addCleanup(listener.close)
        return listener

    def talk(self, here, *options):
        """Bytes that an iperf3 server got."""
        server = here.start("sink", "iperf3", "-s", "-1", "-J", stdout=subprocess.PIPE, text=True)
        self.addCleanup(server.kill)
        self.until(lambda: "5201" in here.run("sink", "ss", "-Hltn").stdout, what="the server")
        here.run("gen", "iperf3", "-c", "10.77.0.2", "-t", str(SECONDS), *options)
        text = server.communicate(timeout=20)[0]
        return sum(int(part.split(":")[1].split(",")[0]) for part in text.splitlines()
                   if '"bytes"' in part)

    def test_tcp_and_udp_with_all_offloads(self):
        if not shutil.which("iperf3"):
            self.skipTest("iperf3 is not installed")
        here = self.stacks()
        for way, options in WAYS.items():
            with self.subTest(way=way), self.bridge(here, *options) as engine:
                for protocol, talk in ((6, ()), (17, ("-u", "-b", "5M"))):
                    listener = self.listen(here)
                    self.assertGreater(self.talk(here, *talk), 20000)
                    seen = collections.Counter(
                        is_right(frame) for frame, _ in listener.frames()
                        if frame[12:14] == b"\x08\x00" and frame[23] == protocol)
                    listener.close()
                    if way == "skb kernel":  # the sink's stack still knows that they are partial
                        self.assertGreater(seen[False], 10, seen)
                    else:
                        self.assertGreater(seen[True], 10, seen)
                        self.assertEqual(seen[False], 0, seen)
                wrong = here.run("sink", "nstat", "-asz", "TcpInCsumErrors", "UdpInCsumErrors").stdout
                self.assertEqual([line.split()[1] for line in wrong.splitlines()[1:]], ["0", "0"])
                self.assertEqual("segments" in engine.stderr(), way == "skb", engine.stderr())
                engine.stop()

    def test_tags_beside_the_frame(self):
        here = self.stacks()
        program = os.path.join(lab.BUILD, "test", "xsk", "tag_push.bpf.o")
        for place, interface in (("gen", "gen0"), ("sink", "sink0")):
            made = here.run(place, "tc", "qdisc", "add", "dev", interface, "clsact", check=False)
            if made.returncode:
                self.skipTest(f"no clsact here: {made.stderr}")
            here.run(place, "tc", "filter", "add", "dev", interface, "egress", "bpf", "da", "obj",
                     program, "sec", "tc")
        for way, options in WAYS.items():
            with self.subTest(way=way), self.bridge(here, *options) as engine:
                listener = self.listen(here)
                self.send(here, range(5000, 5010), 40)
                time.sleep(0.3)
                seen = collections.Counter()
                for frame, tag in listener.frames():
                    if frame[12:14] == b"\x08\x00" and frame[23] == 17:
                        self.assertTrue(is_right(frame) or way == "skb kernel")
                        seen[struct.unpack_from("!H", frame, 36)[0], tag] += 1
                engine_said = engine.stderr()
                engine.stop()
                lost = "VLAN tags that its peer keeps beside the frame are lost" in engine_said
                if lost and way != "skb":
                    self.skipTest(f"{way}: {engine_said}")
                self.assertEqual(lost, way == "skb")
                self.assertEqual(seen, {(port, None if lost or port == 5000 else port): 40
                                        for port in range(5000, 5010)})

    @staticmethod
    def send(here, ports, count):
        script = ("import socket, sys, time\n"
                  "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                  f"for n in range({count}):\n"
                  f"    for port in range({ports.start}, {ports.stop}):\n"
                  "        s.sendto(bytes(n), ('10.77.0.2', port))\n"
                  "    time.sleep(0.002)\n")
        here.run("gen", "/usr/bin/python3", "-c", script)


if __name__ == "__main__":
    lab.main()
