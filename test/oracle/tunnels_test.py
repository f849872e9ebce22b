#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The innermost packet by tshark: it says where each header lies and what identifies a tunnel; the
oracle reads the packet there and computes its integers, which afxdp-features must have written.

    tunnels_test.py generated [SEED [COUNT]] | corpus

generated: random stacks of tunnels with one mutation each. corpus: the public captures for parsers
beside the repository. Skipped (77) without tshark or captures.
"""

import csv
import glob
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, "train")]

from afxdp_train.oracle import captures, flows, packets
import stacks

BUILD = os.environ.get("AFXDP_BUILD", os.path.join(ROOT, "build"))
LEVELS = 4
FILTER = ("vxlan || geneve || gre || gtp || mpls || pppoes || ieee8021ah || ip.proto == 4 || "
          "ip.proto == 41 || ip.proto == 137 || ipv6.nxt == 4 || ipv6.nxt == 41 || ipv6.nxt == 137")
TRANSPORTS = ("eth", "vlan", "ieee8021ad", "udp", "ppp", "pwethheuristic", "pwethcw", "sll", "erspan",
              "fake-field-wrapper", "ethertype", "raw", "null", "llc")


# What a header says that follows it: IPv4, IPv6. tshark goes by the packet's first nibble instead.
ANNOUNCED = {"eth.type": (0x0800, 0x86DD), "vlan.etype": (0x0800, 0x86DD), "gre.proto": (0x0800, 0x86DD),
             "geneve.proto_type": (0x0800, 0x86DD), "ieee8021ah.etype": (0x0800, 0x86DD),
             "ppp.protocol": (0x21, 0x57), "vxlan.next_proto": (1, 2), "ip.proto": (4, 41),
             "ipv6.nxt": (4, 41)}


class Layer:
    """A header as tshark sees it."""

    def __init__(self, proto):
        self.name = proto.get("name")
        self.at, self.size = int(proto.get("pos") or 0), int(proto.get("size") or 0)
        self.fields = {}
        for field in proto.iter("field"):
            self.fields.setdefault(field.get("name"), field.get("show"))

    def number(self, name):
        return int(self.fields.get(name) or "0", 0)

    def announces(self, name):
        """Whether it says that "ip" or "ipv6" follows, or says nothing of it."""
        return all(self.number(field) == values[name == "ipv6"]
                   for field, values in ANNOUNCED.items()
                   if field in self.fields and field.split(".")[0] == self.name)


def dissect(path):
    """Packet's index → its layers, of packets with tunnels in them."""
    run = subprocess.run(["tshark", "-r", path, "-n", "-Y", FILTER, "-T", "pdml",
                          "-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE",
                          "--disable-protocol", "nrup"],  # it gives up where GTP goes on
                         capture_output=True, check=False)
    found = {}
    if not run.stdout.strip():
        sys.exit(f"tshark: {run.stderr.decode()[-300:]}")
    for packet in xml.etree.ElementTree.fromstring(run.stdout):
        protos = packet.findall("proto")
        number = next(int(field.get("show")) for field in protos[0].iter("field")
                      if field.get("name") == "num")
        found[number - 1] = [Layer(proto) for proto in protos[2:]]
    return found


def tunnel_of(layer, data):
    """What identifies the tunnel, or None where its header isn't one that is opened."""
    name = layer.name
    if name == "vxlan":
        valid = layer.number("vxlan.flag_i") or layer.number("vxlan.i_bit")
        return (name, layer.number("vxlan.vni")) if valid else None
    if name == "geneve":
        return (name, layer.number("geneve.vni")) if not layer.number("geneve.version") else None
    if name == "gtp":
        opened = layer.number("gtp.message") == 255 and layer.number("gtp.flags.version") == 1 and \
            layer.number("gtp.flags.payload")
        return (name, layer.number("gtp.teid")) if opened else None
    if name == "pppoes":
        opened = data[layer.at:layer.at + 2] == b"\x11\0"
        return (name, layer.number("pppoe.session_id")) if opened else None
    if name == "ieee8021ah":
        return name, layer.number("ieee8021ah.isid")
    flags = layer.number("gre.flags_and_version")
    kind, key = layer.number("gre.proto"), layer.number("gre.key")
    if flags & 0x4007:
        return None
    if kind == 0x6558 and flags & 0xB000 == 0x2000 and key >= 0x100000:
        return "nvgre", key >> 8
    return name, key


class Walk:
    """Through the layers of one packet, as far as its tunnels can be opened."""

    def __init__(self, link, data, wire):
        self.data, self.wire = data, wire
        self.best = packets.parse(link, data, wire)
        self.inside, self.levels = (), 0
        self.end = wire  # of what is around

    def opened(self, identity):
        """One level more; False where that is too deep, or was none."""
        if identity is None or self.levels == LEVELS:
            return False
        self.levels += 1
        self.inside += (identity,)
        return True

    def read(self, layer, first):
        parse = packets.parse_ipv4 if layer.name == "ip" else packets.parse_ipv6
        packet = self.best if first else parse(self.data[layer.at:], self.end - layer.at)
        if isinstance(packet, str):
            return False
        packet.realm = self.inside
        self.best, self.end = packet, layer.at + packet.length
        return packet.transport is not None  # no later fragment holds a header

    def run(self, layers):
        names = [layer.name for layer in layers]
        for i, layer in enumerate(layers):
            before = names[i - 1] if i else ""
            if layer.name in ("ip", "ipv6"):
                first = self.levels == 0 and not set(names[:i]) & {"ip", "ipv6"}
                if before in ("ip", "ipv6") and not self.opened(("ip", 0)):
                    break
                if not first and not layers[i - 1].announces(layer.name) or \
                        not self.read(layer, first):
                    break
            elif layer.name == "udp":
                if layer.number("udp.length") < 8:
                    break
                self.end = min(self.end, layer.at + layer.number("udp.length"))
            elif layer.name == "mpls":
                if names[i + 1:i + 2] != ["mpls"] and \
                        not self.opened(("mpls", layer.number("mpls.label"))):
                    break
            elif layer.name in ("vxlan", "geneve", "gtp", "pppoes", "ieee8021ah", "gre"):
                if "erspan" in names[i + 1:i + 2]:
                    erspan = layers[i + 1]
                    identity = ("erspan", erspan.number("erspan.spanid")) \
                        if not layer.number("gre.flags_and_version") & 0x4007 else None
                else:
                    identity = tunnel_of(layer, self.data)
                if not self.opened(identity):
                    break
                if layer.name == "gtp":
                    self.end = min(self.end, layer.at + 8 + layer.number("gtp.length"))
                if layer.name == "pppoes":
                    self.end = min(self.end, layer.at + 6 + layer.number("pppoe.payload_length"))
            elif layer.name not in TRANSPORTS:
                break
        return self.best


def examine(path):
    """index → outcome, or the twelve integers with the flow's and the packet's number."""
    table, dissected, found = flows.Flows(120), dissect(path), {}
    for index, (time, link, data, wire) in enumerate(captures.read(path)):
        walk = Walk(link, data, wire)
        packet = walk.run(dissected[index]) if index in dissected else walk.best
        if isinstance(packet, str):
            found[index] = packet
        else:
            found[index] = (*table.features(packet, time), *table.place)
    return found, sum(1 for index in dissected if not isinstance(found[index], str))


def by_engine(path, folder):
    rows, verdicts = os.path.join(folder, "rows.csv"), os.path.join(folder, "verdicts.csv")
    for program in (["afxdp-features", path, "--tunnels", "auto", "--flows", "-o", rows],
                    ["afxdp-engine", "--pcap", path, "--tunnels", "auto", "--model", "none",
                     "--verdicts", verdicts]):
        run = subprocess.run([os.path.join(BUILD, "bin", program[0]), *program[1:]],
                             stdout=subprocess.DEVNULL, check=False)
        if run.returncode != 0:
            sys.exit(f"{' '.join(program)} ended with {run.returncode}")
    with open(verdicts, newline="", encoding="utf-8") as file:
        found = {int(row["index"]): row["class"] for row in csv.DictReader(file)}
    with open(rows, newline="", encoding="utf-8") as file:
        for row in csv.reader(file):
            if row[0] != "index":
                found[int(row[0])] = tuple(map(int, row[1:13] + row[14:]))
    return found


def compare(path, names=None):
    """Packets in all, and those with tunnels; ends the test where they differ."""
    with tempfile.TemporaryDirectory() as folder:
        found = by_engine(path, folder)
    expected, tunnels = examine(path)
    for index, outcome in expected.items():
        if found.get(index) != outcome:
            what = f" ({names[index]})" if names else ""
            sys.exit(f"{path}, packet {index}{what}: the engine says {found.get(index)}, "
                     f"tshark and the oracle {outcome}")
    if len(found) != len(expected):
        sys.exit(f"{path}: the engine has {len(found)} packets, the oracle {len(expected)}")
    return len(expected), tunnels


def write_generated(path, rng, count):
    names = []
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1))
        for i in range(count):
            whole, levels, headers = stacks.stack(rng)
            whole, wire = stacks.mutated(rng, whole, headers)
            file.write(struct.pack("<IIII", 1000 + i, 0, len(whole), wire) + whole)
            names.append(" ".join(levels))
    return names


def main():
    what = sys.argv[1] if len(sys.argv) > 1 else ""
    if not shutil.which("tshark"):
        print("skipped: tshark is not installed")
        return 77
    if what == "generated":
        seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(2**32)
        count = int(sys.argv[3]) if len(sys.argv) > 3 else 200
        print(f"seed {seed}", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "stacks.pcap")
            names = write_generated(path, random.Random(seed), count)
            total, tunnels = compare(path, names)
        print(f"{total} packets agree, {tunnels} of them with tunnels")
        return 0 if tunnels > count // 2 else 1
    if what != "corpus":
        sys.exit(__doc__)
    paths = sorted(glob.glob(os.path.join(os.path.dirname(ROOT), "shared", "data", "parser_corpus",
                                          "*.pcap*")))
    if not paths:
        print("skipped: no captures beside the repository")
        return 77
    totals = [compare(path) for path in paths]
    print(f"{len(paths)} captures, {sum(total for total, _ in totals)} packets agree, "
          f"{sum(tunnels for _, tunnels in totals)} of them with tunnels")
    return 0


if __name__ == "__main__":
    sys.exit(main())
