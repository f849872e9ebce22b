#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The capture that ships: every IP packet has a label, every class and kind of traffic is there."""
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "train"))
from afxdp_train.record import labels  # noqa: E402

CAPTURES = os.path.join(ROOT, "test", "captures")
LIMIT = 2_000_000
# What the parser's and the engine's tests rely on to be in the capture.
KINDS = {"arp": 10, "ipv6": 500, "vlan": 50, "ieee8021ad": 20, "icmp": 20, "icmpv6": 5,
         "ip.frag_offset > 0": 3, "ip.hdr_len > 20": 3, "ipv6.fraghdr": 3}


def count(path, display_filter):
    argv = ["tshark", "-n", "-r", path, "-o", "ip.defragment:FALSE", "-Y", display_filter, "-T",
            "fields", "-e", "frame.number"]
    return len(subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split())


def main():
    if not shutil.which("tshark"):
        print("skipped: tshark is missing")
        return 77
    path = os.path.join(CAPTURES, "mixed.pcap")
    size = sum(os.path.getsize(os.path.join(CAPTURES, f"mixed.{end}")) for end in
               ("pcap", "labels.csv"))
    assert size < LIMIT, f"the shipped capture has {size} bytes, more than {LIMIT}"

    packets = list(labels.read_packets(path))
    rows = labels.read_rows(os.path.join(CAPTURES, "mixed.labels.csv"))
    join = labels.Join(rows)
    found = [join.find(packet) for packet in packets]
    lost = [packet.number for packet, index in zip(packets, found) if index is None]
    assert not lost, f"{len(lost)} of {len(packets)} IP packets have no label: frames {lost[:5]}"
    assert {row.label for row in rows} <= set(labels.CLASSES)
    idle = set(range(len(rows))) - set(found)
    assert not idle, f"rows that no packet matches: {sorted(idle)[:5]}"

    table = labels.summary(packets, [rows[index].label for index in found])
    for label in labels.CLASSES:
        print(label, *table.get(label, (0, 0, 0)))
        assert table.get(label, (0,))[0] >= 150, f"{label} has too few packets"
    for kind, least in KINDS.items():
        assert count(path, kind) >= least, f"fewer than {least} packets are {kind}"
    assert count(path, "frame.len > 1522") == 0, "a frame is longer than a wire carries"
    return 0


if __name__ == "__main__":
    sys.exit(main())
