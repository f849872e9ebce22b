# SPDX-License-Identifier: BSD-2-Clause
"""Runs the programs of a build and makes capture files for them."""

import json
import os
import struct
import subprocess
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.path.join(os.environ.get("AFXDP_BUILD", os.path.join(ROOT, "build")), "bin")
SHARED = os.path.join(os.path.dirname(ROOT), "shared", "data")
MIXED = os.path.join(ROOT, "test", "captures", "mixed.pcap")


def run(program, *arguments, **options):
    """Runs a program; its status, stdout and stderr. A sanitizer's report fails the test."""
    done = subprocess.run([os.path.join(BIN, program), *arguments], capture_output=True,
                          timeout=120, check=False, **options)
    if b"Sanitizer" in done.stderr or b"runtime error" in done.stderr or done.returncode < 0:
        raise AssertionError(f"{program} {arguments}: {done.returncode}\n{done.stderr.decode()}")
    return done


def engine(*arguments, model="none", **options):
    return run("afxdp-engine", "--model", model, *arguments, **options)


def report(done):
    """The JSON object on stdout, which must hold nothing else, after the page's sums."""
    lines = done.stdout.decode().splitlines()
    assert len(lines) == 1, lines
    result = json.loads(lines[0])
    packets = result["packets"]
    assert packets == sum(result["classes"].values()) + result["other"] + result["malformed"]
    assert packets == sum(result["actions"].values())
    assert packets == sum(result["endings"].values())
    return result


def ethernet_udp(number, size=0, sport=1000):
    """A frame; `number` makes the source address."""
    udp = struct.pack(">HHHH", sport, 53, min(8 + size, 65535), 0) + bytes(size)
    ip = struct.pack(">BBHHHBBHII", 0x45, 0, min(20 + len(udp), 65535), 0, 0, 64, 17, 0,
                     0x0A000000 + number, 0x0A800001)
    return bytes.fromhex("020000000002020000000001" "0800") + ip + udp


def pcap(packets, link=1, order="<", nanoseconds=True):
    """packets: (time in ns, bytes) or (time, bytes, length on the wire)."""
    magic, unit = (0xA1B23C4D, 1) if nanoseconds else (0xA1B2C3D4, 1000)
    out = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, link)]
    for time, data, *wire in packets:
        out.append(struct.pack(order + "IIII", time // 10**9, time % 10**9 // unit, len(data),
                               wire[0] if wire else len(data)) + data)
    return b"".join(out)


def block(kind, body):
    body += bytes(-len(body) % 4)
    size = len(body) + 12
    return struct.pack("<II", kind, size) + body + struct.pack("<I", size)


def pcapng(packets, link=1):
    out = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    out += block(1, struct.pack("<HHI", link, 0, 262144) + struct.pack("<HHB3x", 9, 1, 9)
                 + struct.pack("<HH", 0, 0))
    for time, data in packets:
        out += block(6, struct.pack("<IIIII", 0, time >> 32, time & 0xFFFFFFFF, len(data),
                                    len(data)) + data)
    return out


class Test(unittest.TestCase):
    """A folder for each test, and the rule for every failure: one line that says enough."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, data):
        with open(self.path(name), "wb") as file:
            file.write(data)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def assert_one_line(self, done, status, *parts):
        """It failed as told: exit status, one line on stderr that holds all the parts."""
        lines = done.stderr.decode().splitlines()
        self.assertEqual((done.returncode, len(lines)), (status, 1), lines)
        for part in parts:
            self.assertIn(part, lines[0])
