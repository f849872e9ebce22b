#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Repeats a capture until it has a given number of packets, so that there is something to time.

usage: repeat_capture.py IN.pcap PACKETS OUT.pcap

Classic pcap with microseconds, little-endian. Each round starts a second after the one before
ended, from other addresses: the second byte of the first IPv4 address of a packet counts rounds up
in both directions, so that flows are new in each round and as many as they would really be.
"""

import struct
import sys

HEADER, RECORD = 24, 16


def records(content):
    """(time in µs, the rest of the record's header, frame) of each packet."""
    at = HEADER
    while at + RECORD <= len(content):
        seconds, micros, captured, wire = struct.unpack_from("<IIII", content, at)
        frame = content[at + RECORD:at + RECORD + captured]
        yield seconds * 1_000_000 + micros, (captured, wire), frame
        at += RECORD + captured


def readdress(frame, number):
    """The frame with both its IPv4 addresses moved on by `number` networks (10.X.0.0 -> X + n)."""
    at = 12
    while frame[at:at + 2] in (b"\x81\x00", b"\x88\xa8"):
        at += 4
    if frame[at:at + 2] != b"\x08\x00" or len(frame) < at + 22:
        return frame
    changed = bytearray(frame)
    for address in (at + 14, at + 18):
        changed[address + 1] = (changed[address + 1] + number) % 256
    return bytes(changed)


def main():
    source, packets, target = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    with open(source, "rb") as file:
        content = file.read()
    if content[:4] != b"\xd4\xc3\xb2\xa1":
        sys.exit(f"repeat_capture.py: {source}: not a little-endian pcap file of microseconds")
    originals = list(records(content))
    span = max(time for time, _, _ in originals) - originals[0][0] + 1_000_000
    with open(target, "wb") as file:
        file.write(content[:HEADER])
        written = number = 0
        while written < packets:
            for time, lengths, frame in originals[:packets - written]:
                now = time + number * span
                file.write(struct.pack("<IIII", now // 1_000_000, now % 1_000_000, *lengths))
                file.write(readdress(frame, number))
                written += 1
            number += 1


main()
