#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Made-up pcapng files of every shape, raw and packed, and the public captures: as many packets and
bytes as whoever made them says, and as tshark's library counts.

    pcapng_test.py [SEED]
"""

import bz2
import glob
import gzip
import json
import lzma
import os
import random
import shutil
import struct
import subprocess
import sys
import unittest

import programs
from programs import engine, ethernet_udp, pcap, report, run

FILES = 100
SEED = random.randrange(2**32)
LINKS = {1: b"", 101: b"", 113: bytes(14) + b"\x08\0", 276: b"\x08\0" + bytes(18), 9: b"\xff\x03\0\x21",
         0: b"\x02\0\0\0"}
UNREAD = (220, 195)  # USB, IEEE 802.15.4


class Generator:
    """A pcapng file, block by block, and what is in it."""

    def __init__(self, rng):
        self.rng = rng
        self.out = b""
        self.packets = self.bytes = 0
        self.unread = {}
        self.times = []

    def block(self, kind, body):
        body += bytes(-len(body) % 4)
        size = struct.pack(self.order + "I", len(body) + 12)
        self.out += struct.pack(self.order + "I", kind) + size + body + size

    def options(self, *pairs):
        """The options given among made-up ones, in the file's byte order."""
        pairs = list(pairs)
        for _ in range(self.rng.choice((0, 0, 1, 3))):
            pairs.append((1, bytes(self.rng.randrange(1, 40))))
        self.rng.shuffle(pairs)
        if not pairs:
            return b""
        return b"".join(struct.pack(self.order + "HH", code, len(value)) + value
                        + bytes(-len(value) % 4) for code, value in pairs) + bytes(4)

    def section(self):
        self.order = self.rng.choice("<>")
        self.interfaces = []
        self.block(0x0A0D0D0A, struct.pack(self.order + "IHHq", 0x1A2B3C4D, 1, 0, -1) + self.options())

    def interface(self, links):
        link = self.rng.choice(links)
        snap = self.rng.choice((0, 60, 65535, 262144))
        resolution = self.rng.choice((None, 0, 3, 6, 9, 12, 0x80, 0x80 | 10, 0x80 | 30, 0x80 | 63))
        offset = self.rng.choice((None, 0, 3600, -3600, 10**9)) if resolution is not None else None
        pairs = [(9, bytes([resolution]))] if resolution is not None else []
        if offset is not None:
            pairs.append((14, struct.pack(self.order + "q", offset)))
        self.block(1, struct.pack(self.order + "HHI", link, 0, snap) + self.options(*pairs))
        resolution = 6 if resolution is None else resolution
        ticks = 2 ** (resolution & 127) if resolution & 128 else 10 ** resolution
        self.interfaces.append((link, snap, ticks, offset or 0))

    def packet(self):
        number = self.rng.randrange(len(self.interfaces))
        kind = self.rng.choice((6, 6, 6, 2, 3))
        link, snap, ticks, offset = self.interfaces[number if kind != 3 else 0]
        ip = ethernet_udp(self.rng.randrange(9), size=self.rng.randrange(300))[14:]
        data = ethernet_udp(0)[:14] + ip if link == 1 else LINKS.get(link, b"") + ip
        captured = data if not snap else data[:snap]
        if kind == 3:
            self.block(3, struct.pack(self.order + "I", len(data)) + captured)
        else:
            time = self.rng.randrange(min(2**64, ticks * 2**20))
            head = (struct.pack(self.order + "I", number) if kind == 6 else
                    struct.pack(self.order + "HH", number, self.rng.randrange(9)))
            head += struct.pack(self.order + "IIII", time >> 32, time & 0xFFFFFFFF, len(captured),
                                len(data))
            self.block(kind, head + captured + bytes(-len(captured) % 4) + self.options())
            self.times.append(time * 10**9 // ticks + offset * 10**9)
        self.packets += 1
        self.bytes += len(data)
        if link in UNREAD:
            self.unread[link] = self.unread.get(link, 0) + 1

    def nothing(self):
        """A block that says nothing to us, of names, statistics or of some company's."""
        self.block(self.rng.choice((4, 5, 10, 0xBAD, 0x40000BAD)),
                   bytes(self.rng.choice((8, 40, 3000)) + 8))

    def make(self, links=tuple(LINKS) + UNREAD):
        for _ in range(self.rng.randrange(1, 4)):
            self.section()
            self.interface(links)
            for _ in range(self.rng.randrange(60)):
                self.rng.choice((self.packet,) * 12 + (lambda: self.interface(links), self.nothing))()
        return self.out


def tshark_counts(paths):
    """[(packets, bytes)] as tshark's library counts them, None without it."""
    if not shutil.which("capinfos"):
        print("tshark's capinfos isn't there: the generator's own counts alone are compared")
        return None
    done = subprocess.run(["capinfos", "-TMcdrQ", *paths], capture_output=True, check=False, text=True)
    rows = [[field.strip('"') for field in line.split("\t")] for line in done.stdout.splitlines()]
    counts = {row[0]: (int(row[1]), int(row[2])) for row in rows}
    return [counts.get(path) for path in paths]


def pack(name, data):
    if name == "gzip":
        half = len(data) // 2  # two pieces, as `cat a.gz b.gz` makes them
        return gzip.compress(data[:half], 1) + gzip.compress(data[half:], 9)
    return subprocess.run([name, "-q", "-c", "-"], input=data, stdout=subprocess.PIPE, check=True).stdout


class Generated(programs.Test):
    def test_counts(self):
        rng, files = random.Random(SEED), []
        for i in range(FILES):
            made = Generator(rng)
            files.append((self.write(f"{i}.pcapng", made.make()), made))
        counted = tshark_counts([path for path, _ in files])
        done = engine("--json", "--each", "-j2", "--pcap", *(path for path, _ in files))
        lines = done.stdout.splitlines()
        self.assertEqual(len(lines), FILES, (SEED, done.stderr))
        for i, (path, made) in enumerate(files):
            result = json.loads(lines[i])
            context = (SEED, path, result)
            self.assertEqual((result["packets"], result["bytes"]), (made.packets, made.bytes), context)
            self.assertEqual(sum(result["unread"].values()), sum(made.unread.values()), context)
            all_unread = made.packets > 0 and sum(made.unread.values()) == made.packets
            self.assertEqual(result["error"] is not None, all_unread, context)
            if counted:
                self.assertEqual((result["packets"], result["bytes"]), counted[i] or (0, 0), context)

    def test_packed(self):
        rng = random.Random(SEED)
        for _ in range(8):
            made = Generator(rng)
            data = made.make(tuple(LINKS))
            plain = run("afxdp-features", self.write("x.pcapng", data)).stdout
            for name in ("gzip", "zstd", "lz4"):
                packed = self.write("packed", pack(name, data))
                with open(packed, "rb") as file:
                    both = run("afxdp-features", packed), run("afxdp-features", "-", stdin=file)
                for done in both:
                    self.assertEqual((done.returncode, done.stderr, done.stdout), (0, b"", plain),
                                     (SEED, name))

    def test_packed_breaks(self):
        """Cut and damaged: what came before is there, and one line says it."""
        rng = random.Random(SEED)
        data = pcap([(10**18 + i, ethernet_udp(i % 7) + rng.randbytes(1000)) for i in range(8000)])
        for name in ("gzip", "zstd", "lz4"):
            whole = pack(name, data)
            cut = self.write("cut", whole[:len(whole) // 2])
            done = engine("-r", cut, "--json")
            self.assert_one_line(done, 2, cut, name, "truncated")
            self.assertIn("truncated", report(done)["error"])
            torn = bytearray(whole)
            for i in range(len(whole) // 2, len(whole) // 2 + 40):
                torn[i] ^= 0x55
            self.assert_one_line(engine("-r", self.write("torn", bytes(torn))), 2, "breaks off")
            junk = self.write("junk", pack(name, data) + b"junk that follows")
            self.assert_one_line(engine("-r", junk), 2, name, "damaged")
            self.assert_one_line(engine("-r", self.write("text", pack(name, b"no capture" * 9))), 2,
                                 "pcap or pcapng")

    def test_other_packings_are_named(self):
        for data, part in ((lzma.compress(pcap([])), "xzcat"), (bz2.compress(pcap([])), "bzcat"),
                           (b"PK\x03\x04" + bytes(40), "unzip"), (b"\x02\x21\x4c\x18" + bytes(40), "lz4")):
            self.assert_one_line(engine("-r", self.write("x", data)), 2, part)

    def test_public_captures(self):
        paths = sorted(glob.glob(os.path.join(programs.SHARED, "*", "*.pcap*")))
        counted = tshark_counts(paths) if paths else None
        if not counted:
            self.skipTest("no public captures, or no tshark to count them")
        done = engine("--json", "--each", "-j2", "--pcap", *paths)
        for path, count, line in zip(paths, counted, done.stdout.splitlines(), strict=True):
            result = json.loads(line)
            self.assertEqual((result["packets"], result["bytes"]), count, path)


class Times(programs.Test):
    def intervals(self, blocks):
        made = Generator(random.Random(1))
        made.order = "<"
        made.block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
        for kind, body in blocks:
            made.block(kind, body)
        done = run("afxdp-features", self.write("x.pcapng", made.out))
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return [int(row.split(",")[5]) for row in done.stdout.decode().splitlines()[1:]]

    def interface(self, resolution, offset=None):
        options = struct.pack("<HHB3x", 9, 1, resolution)
        if offset is not None:
            options += struct.pack("<HHq", 14, 8, offset)
        return 1, struct.pack("<HHI", 1, 0, 0) + options + bytes(4)

    def packet(self, ticks, interface=0):
        data = ethernet_udp(1)
        return 6, struct.pack("<IIIII", interface, ticks >> 32, ticks & 0xFFFFFFFF, len(data),
                              len(data)) + data

    def test_finest_resolutions(self):
        for resolution, second in ((0x80 | 63, 2**63), (0x80 | 60, 2**60), (19, 10**19), (18, 10**18)):
            self.assertEqual(self.intervals([self.interface(resolution), self.packet(0),
                                             self.packet(second // 4), self.packet(second)]),
                             [0, 250000, 750000])

    def test_before_1970(self):
        """A sensor without a clock: an offset that puts all or some packets before 1970."""
        for offset in (-10**9, -2, 0):
            self.assertEqual(self.intervals([self.interface(6, offset)] + [
                self.packet(i * 10**6) for i in range(5)]), [0] + [10**6] * 4)

    def test_interfaces_of_other_clocks(self):
        self.assertEqual(self.intervals([
            self.interface(6), self.interface(9), self.interface(0, 5), self.packet(10 * 10**6),
            self.packet(11 * 10**9, 1), self.packet(7, 2)]), [0, 10**6, 10**6])

    def test_packets_without_a_time(self):
        data = ethernet_udp(1)
        self.assertEqual(self.intervals([
            self.interface(6), self.packet(10 * 10**6), (3, struct.pack("<I", len(data)) + data),
            self.packet(11 * 10**6)]), [0, 0, 10**6])


class Refused(programs.Test):
    def broken(self, data, packets, *parts):
        done = engine("-r", self.write("x.pcapng", data), "--json")
        self.assert_one_line(done, 2, *parts)
        self.assertEqual(json.loads(done.stdout)["packets"], packets)

    def test_damage(self):
        made = Generator(random.Random(1))
        made.order, made.interfaces = "<", [(1, 0, 10**6, 0)]
        made.block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
        made.block(1, struct.pack("<HHI", 1, 0, 0))
        data = ethernet_udp(1)
        made.block(6, struct.pack("<IIIII", 0, 0, 0, len(data), len(data)) + data)
        good = made.out
        for kind, body, part in (
                (6, struct.pack("<IIIII", 1, 0, 0, 0, 0), "interface that isn't described"),
                (2, struct.pack("<HHIIII", 7, 0, 0, 0, 0, 0), "interface that isn't described"),
                (6, struct.pack("<IIIII", 0, 0, 0, 9, 9), "longer than its block"),
                (6, struct.pack("<IIIII", 0, 0, 0, 2**31, 9), "at most 262144 are sane"),
                (6, bytes(8), "too short"), (1, b"", "too short"), (3, b"", "too short"),
                (0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 2, 0, -1), "version 2"),
                (0x0A0D0D0A, struct.pack("<IHHq", 0x11111111, 1, 0, -1), "byte order"),
                (0x0A0D0D0A, struct.pack("<I", 0x1A2B3C4D), "too short")):
            made.out = good
            made.block(kind, body)
            self.broken(made.out, 1, "breaks off" if kind != 0x0A0D0D0A else "capture", part)
        for kind in (6, 99):
            made.out = good
            made.block(kind, bytes(20))
            self.broken(made.out[:-4] + b"\x01\x02\x03\x04", 1, "lengths differ")
        self.broken(good + struct.pack("<III", 99, 0x7FFFFFFC, 0), 1, "length makes no sense")
        self.broken(good + struct.pack("<III", 99, 13, 0), 1, "length makes no sense")
        for cut in range(1, 12):
            self.broken(good + struct.pack("<III", 99, 12, 12)[:cut], 1, "middle of a block")

    def test_nothing_can_be_read(self):
        """Refused by name, with what to do; a part of the packets is only counted."""
        path = self.write("usb.pcap", pcap([(1, bytes(64))], link=220))
        for done in (engine("-r", path, "--json"), run("afxdp-features", path)):
            self.assert_one_line(done, 2, path, "USB_LINUX_MMAPPED", "editcap")
        made = Generator(random.Random(1))
        made.section()
        made.interface((220,))
        while made.packets < 5:
            made.packet()
        path = self.write("usb.pcapng", made.out)
        done = engine("-r", path, "--json")
        self.assert_one_line(done, 2, path, "its 5 packets", "USB_LINUX_MMAPPED", "editcap")
        self.assertIn("nothing of capture", report(done)["error"])
        self.assert_one_line(run("afxdp-features", path), 2, "nothing of capture")
        made.section()
        made.interface((1,))
        made.packet()
        done = engine("-r", self.write("both.pcapng", made.out), "--json")
        self.assert_one_line(done, 0, "warning", "5 packets", "USB_LINUX_MMAPPED", "other")
        self.assertEqual(report(done)["unread"], {"USB_LINUX_MMAPPED": 5})
        done = run("afxdp-features", self.path("both.pcapng"))
        self.assert_one_line(done, 0, "warning", "USB_LINUX_MMAPPED")
        self.assertEqual(len(done.stdout.splitlines()), 2)

    def test_the_advice(self):
        """What the refusal says to do works."""
        if not shutil.which("editcap"):
            self.skipTest("no editcap")
        ip = ethernet_udp(1)[14:]
        path = self.write("x.pcap", pcap([(10**18, b"1234567" + ip)], link=147))
        self.assert_one_line(engine("-r", path), 2, "editcap -F pcap -C N -T rawip IN OUT")
        subprocess.run(["editcap", "-F", "pcap", "-C", "7", "-T", "rawip", path, self.path("y")],
                       check=True)
        result = report(engine("-r", self.path("y"), "--json"))
        self.assertEqual((result["packets"], result["other"], result["malformed"]), (1, 0, 0))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        SEED = int(sys.argv[1])
    print(f"seed {SEED}", flush=True)
    unittest.main(argv=sys.argv[:1], verbosity=1)
