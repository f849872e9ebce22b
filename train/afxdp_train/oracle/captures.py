# SPDX-License-Identifier: BSD-2-Clause
"""Capture files as (time in ns, link type, captured bytes, length on the wire).

Reads pcap (µs and ns, both byte orders) and pcapng with nothing but the standard library, so
that the oracle shares no code with what it checks. Formats: the Internet drafts
draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng.
"""

import struct

PCAP_MAGICS = {  # first four bytes: byte order, nanoseconds in one unit of the time's fraction
    b"\xd4\xc3\xb2\xa1": ("<", 1000),
    b"\xa1\xb2\xc3\xd4": (">", 1000),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
    b"\xa1\xb2\x3c\x4d": (">", 1),
}
SECTION, INTERFACE, OLD_PACKET, SIMPLE_PACKET, ENHANCED_PACKET = 0x0A0D0D0A, 1, 2, 3, 6


class Damaged(Exception):
    """The file isn't a capture, or ends in the middle of a packet."""


def read(path):
    """Yields every packet of the capture, then raises Damaged where the file breaks off."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:4] in PCAP_MAGICS:
        yield from read_pcap(data)
    elif data[:4] == b"\x0a\x0d\x0d\x0a":
        yield from read_pcapng(data)
    else:
        raise Damaged(f"{path}: not a capture file")


def read_pcap(data):
    order, unit = PCAP_MAGICS[data[:4]]
    if len(data) < 24:
        raise Damaged("the file header is cut short")
    link = struct.unpack_from(order + "I", data, 20)[0] & 0x03FFFFFF  # the rest tells of FCS
    at = 24
    while at < len(data):
        if at + 16 > len(data):
            raise Damaged("a packet's header is cut short")
        seconds, fraction, captured, wire = struct.unpack_from(order + "IIII", data, at)
        at += 16
        if at + captured > len(data):
            raise Damaged("a packet is cut short")
        yield seconds * 10**9 + fraction * unit, link, data[at : at + captured], wire
        at += captured


def interface_of(order, body):
    """An interface block: link type, snapshot length, ticks a second, offset in seconds."""
    link, _, snap = struct.unpack_from(order + "HHI", body)
    ticks, offset, at = 10**6, 0, 8
    while at + 4 <= len(body):
        code, length = struct.unpack_from(order + "HH", body, at)
        value = body[at + 4 : at + 4 + length]
        if code == 0:
            break
        if code == 9 and length == 1:  # if_tsresol: a power of ten, or of two with the top bit
            ticks = 2 ** (value[0] & 0x7F) if value[0] & 0x80 else 10 ** value[0]
        elif code == 14 and length == 8:  # if_tsoffset
            offset = struct.unpack(order + "q", value)[0]
        at += 4 + (length + 3) // 4 * 4
    return link, snap, ticks, offset


def read_pcapng(data):
    order, interfaces, at, time = "<", [], 0, 0
    while at < len(data):
        if at + 12 > len(data):
            raise Damaged("a block's header is cut short")
        if data[at : at + 4] == b"\x0a\x0d\x0d\x0a":
            order = "<" if data[at + 8 : at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
        kind, size = struct.unpack_from(order + "II", data, at)
        if size < 12 or size % 4 or at + size > len(data):
            raise Damaged("a block is cut short")
        body = data[at + 8 : at + size - 4]
        at += size
        if kind == SECTION:
            interfaces = []
        elif kind == INTERFACE:
            interfaces.append(interface_of(order, body))
        elif kind in (ENHANCED_PACKET, OLD_PACKET):
            if kind == ENHANCED_PACKET:
                number, high, low, captured, wire = struct.unpack_from(order + "IIIII", body)
            else:
                number, _, high, low, captured, wire = struct.unpack_from(order + "HHIIII", body)
            if number >= len(interfaces) or 20 + captured > len(body):
                raise Damaged("a packet block makes no sense")
            link, _, ticks, offset = interfaces[number]
            time = ((high << 32) + low) * 10**9 // ticks + offset * 10**9
            yield time, link, body[20 : 20 + captured], wire
        elif kind == SIMPLE_PACKET:
            if not interfaces:
                raise Damaged("a packet block before any interface")
            wire = struct.unpack_from(order + "I", body)[0]
            link, snap, _, _ = interfaces[0]
            captured = min(wire, snap or wire)
            yield time, link, body[4 : 4 + captured], wire  # as late as the one before
