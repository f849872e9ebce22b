#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The C extractor and the oracle on the same captures: outcome, integers of feature set 2, flow
number and packet number of each packet; set 1 is its first twelve. Captures take turns with a host
memory of the default size and with a small one of two rows.

    agreement_test.py shipped | mutated [SEED] | shared

shipped: captures of the repository. mutated: packets of every kind with random damage, in each
link type. shared: the public captures beside the repository; skipped (77) where they're absent.
"""

import csv
import glob
import itertools
import os
import random
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, "train")]

import oracle
import oracle_test as made

BUILD = os.environ.get("AFXDP_BUILD", os.path.join(ROOT, "build"))


def c_outcomes(path, folder, cells, rows):
    """{index: (outcome, integers or None)} by afxdp-features and afxdp-engine."""
    features, verdicts = os.path.join(folder, "features.csv"), os.path.join(folder, "verdicts.csv")
    first = os.path.join(folder, "first.csv")
    for program in (["afxdp-features", path, "--flows", "--set", "2", "--hosts", f"{cells}:{rows}",
                     "-o", features],
                    ["afxdp-features", path, "-o", first],
                    ["afxdp-engine", "--pcap", path, "--model", "none", "--verdicts", verdicts]):
        run = subprocess.run([os.path.join(BUILD, "bin", program[0]), *program[1:]],
                             stdout=subprocess.DEVNULL, check=False)
        if run.returncode != 0:
            sys.exit(f"{' '.join(program)} ended with {run.returncode}")
    with open(verdicts, newline="", encoding="utf-8") as file:
        found = {int(row["index"]): (row["class"], None) for row in csv.DictReader(file)}
    with open(features, newline="", encoding="utf-8") as file, \
         open(first, newline="", encoding="utf-8") as twelve:
        for row, short in itertools.zip_longest(csv.reader(file), csv.reader(twelve)):
            if row[:13] != short[:13]:
                sys.exit(f"{path}: the sets differ, {row} and {short}")
            if row[0] != "index":
                found[int(row[0])] = ("classified", tuple(map(int, row[1:29] + row[30:])))
    return found


def compare(path, turn=0):
    """Ends the test at the first packet on which the two differ; returns the number of packets."""
    cells, rows = ((2**16, 1), (2**10, 2))[turn % 2]
    with tempfile.TemporaryDirectory() as folder:
        found, count = c_outcomes(path, folder, cells, rows), 0
        for index, outcome, integers in oracle.examine(path, 120, 2, cells, rows):
            expected = (outcome, integers)
            if found.get(index) != expected:
                sys.exit(f"{path}, packet {index}: C says {found.get(index)}, the oracle {expected}")
            count += 1
    if len(found) != count:
        sys.exit(f"{path}: C has {len(found)} packets, the oracle {count}")
    return count


def seeds(rng):
    """IP packets of every kind that the design page's table names."""
    chain = made.extension(60) + made.extension(43, 1) + made.extension(135) + made.extension(51)
    chain += bytes([6, 4]) + bytes(22) + made.tcp()
    for protocol in (1, 6, 17, 33, 47, 50, 51, 59, 132, 136):
        yield made.ipv4(made.tcp(), protocol)
        yield made.ipv6(made.extension(protocol) + made.tcp(), 0)
    yield made.ipv4(made.tcp(), 6, options=bytes(12))
    yield made.ipv4(made.tcp(), 6, length=0)
    yield made.ipv6(made.tcp(), 6, length=0)
    for jumbo in (65536, 20):
        option = b"\x06\0\xc2\x04" + struct.pack(">I", jumbo)
        yield made.ipv6(option + made.tcp(), 0, length=0) + bytes(rng.choice((0, 65536)))
    for fragment in (0x2000, 0x2001, 0x00FF):
        yield made.ipv4(made.udp(), fragment=fragment)
    yield made.ipv6(chain, 0)
    for offset in (1, 8):
        yield made.ipv6(bytes([17, 0, 0, offset, 0, 0, 0, 1]) + made.udp(), 44)
    yield made.ipv6(b"".join(made.extension(60) for _ in range(7)) + made.extension(17)
                    + made.udp(), 60)


def conversations(rng):
    """TCP and UDP of a few ports both ways with all kinds of flags and payload, and ICMP errors that
    quote them."""
    for _ in range(60):
        ports = rng.sample((80, 443, 1000, 2000), 2)
        segment = bytearray(made.tcp(*ports) + bytes(rng.choice((0, 0, 9))))
        segment[12:14] = rng.choice((0x50, 0x50, 0x80)), rng.choice((2, 0x12, 0x10, 0x18, 4, 0x14))
        for build, protocol, inner in ((made.ipv4, 6, bytes(segment)), (made.ipv6, 6, bytes(segment)),
                                       (made.ipv4, 17, made.udp(*ports)),
                                       (made.ipv6, 17, made.udp(*ports))):
            said = turned(build(inner, protocol), ports) if rng.random() < 0.5 else build(inner, protocol)
            yield said
            kind = rng.choice((3, 3, 5, 8, 11)) if build is made.ipv4 else rng.choice((1, 1, 2, 129))
            error = bytes([kind, rng.choice((0, 1, 4))]) + bytes(6) + said[:rng.choice((28, 48, 70))]
            yield build(error, 1 if build is made.ipv4 else 58)


def turned(packet, ports):
    """The same from the other host: addresses and ports change places."""
    at, size = (12, 4) if packet[0] >> 4 == 4 else (8, 16)
    end = at + 2 * size
    return (packet[:at] + packet[at + size:end] + packet[at:at + size]
            + struct.pack(">HH", *reversed(ports)) + packet[end + 4:])


def framed(link, rng, packet):
    kind = 0x86DD if packet[0] >> 4 == 6 else 0x0800
    if link == 9:
        protocol = b"\x57" if kind == 0x86DD else b"\x21"
        return rng.choice((b"", b"\xff\x03", b"\1\x03")) + rng.choice((b"", b"\0")) + protocol + packet
    if link in (1, 113, 276) and rng.random() < 0.15:
        llc = rng.choice((b"\xaa\xaa\x03\0\0\0" + struct.pack(">H", kind), b"\x06\x06\x03",
                          b"\xfe\xfe\x03\x8e")) + packet
        if link == 1:
            return made.ethernet(llc, min(len(llc), 1500), [0x8100] * rng.choice((0, 0, 1, 2)))
        return bytes(14) + b"\0\4" + llc if link == 113 else b"\0\4" + bytes(18) + llc
    if link == 1:
        tags = [rng.choice((0x8100, 0x88A8, 0x9100)) for _ in range(rng.choice((0, 0, 1, 2, 3)))]
        return made.ethernet(packet, kind, tags)
    if link == 113:
        return bytes(14) + struct.pack(">H", kind) + packet
    if link == 276:
        return struct.pack(">H", kind) + bytes(18) + packet
    if link in (0, 108):
        family = rng.choice((10, 24, 28, 30)) if kind == 0x86DD else 2
        return struct.pack(">I" if link == 108 else "<I", family) + packet
    return packet


def damaged(rng, frame):
    """The frame with up to four random bytes changed and its end cut off or padded, or as it was."""
    frame, wire = bytearray(frame), len(frame)
    for _ in range(rng.choice((0, 0, 1, 1, 2, 4))):
        frame[rng.randrange(len(frame))] = rng.choice((0, 1, 4, 5, 6, 15, 17, 44, 0x45, 0x60, 0xFF,
                                                       rng.randrange(256)))
    cut = rng.choice((None, None, rng.randrange(len(frame) + 1)))
    if rng.random() < 0.2:
        frame += bytes(rng.randrange(30))
        wire = len(frame)
    return bytes(frame[:cut]), wire


def write_mutated(path, link, rng, count=4000):
    packets, time = list(seeds(rng)) + list(conversations(rng)), 10**18
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, link))
        for _ in range(count):
            time += rng.choice((0, 1, 999, 10**6, 10**9, -(10**7), 121 * 10**9))
            frame, wire = damaged(rng, framed(link, rng, rng.choice(packets)))
            file.write(struct.pack("<IIII", time // 10**9, time % 10**9, len(frame), wire) + frame)


def main():
    what = sys.argv[1] if len(sys.argv) > 1 else ""
    if not os.path.exists(os.path.join(BUILD, "bin", "afxdp-features")):
        sys.exit("build the project first")
    if what == "mutated":
        seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(2**32)
        print(f"seed {seed}")
        rng = random.Random(seed)
        with tempfile.TemporaryDirectory() as folder:
            for turn, link in enumerate((0, 1, 9, 12, 101, 108, 113, 228, 229, 276)):
                path = os.path.join(folder, f"link{link}.pcap")
                write_mutated(path, link, rng)
                print(f"link type {link}: {compare(path, turn)} packets agree")
        return 0
    if what == "shipped":
        paths = sorted(glob.glob(os.path.join(ROOT, "*", "*", "*.pcap*"))
                       + glob.glob(os.path.join(ROOT, "bench", "*.pcap*")))
    elif what == "shared":
        shared = os.path.join(os.path.dirname(ROOT), "shared", "data")
        paths = sorted(glob.glob(os.path.join(shared, "*", "*.pcap*")))
        if not paths:
            print(f"skipped: no captures below {shared}")
            return 77
    else:
        sys.exit(__doc__)
    total = sum(compare(path, turn) for turn, path in enumerate(paths))
    print(f"{len(paths)} captures, {total} packets agree")
    return 0 if paths else 1


if __name__ == "__main__":
    sys.exit(main())
