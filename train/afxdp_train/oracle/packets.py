# SPDX-License-Identifier: BSD-2-Clause
"""One packet to its outcome, by the table "Packets, exactly" of the design page.

Two things the page leaves open are decided here. Of TCP and UDP the capture must hold the ports
(4 bytes), while the least header (20 and 8 bytes) is asked of the IP length. An IPv4 header or an
extension header must lie in the captured bytes as a whole: without it the ports aren't reached.
"""

import struct
from collections import namedtuple


class Packet(namedtuple("Packet", "source destination sport dport protocol length")):
    """Addresses are bytes: their length tells IPv4 from IPv6.

    Not compared: `behind`, bytes behind IP by the IP length; `transport`, what was captured of
    these, or None for a later fragment; `realm`, the tunnels around the packet."""

    behind, transport, realm = 0, b"", ()

    def holding(self, behind, transport):
        self.behind, self.transport = behind, transport
        return self


OTHER, MALFORMED = "other", "malformed"

VLAN_TAGS = (0x8100, 0x88A8, 0x9100)
LEAST = {6: 20, 17: 8, 132: 4, 33: 4, 136: 4}  # protocols with ports: bytes within the IP length
FRAGMENT, AUTHENTICATION = 44, 51
EXTENSIONS = (0, 43, 60, 135, AUTHENTICATION, FRAGMENT)  # hop-by-hop, routing, destination, mobility
MOST_EXTENSIONS = 8
FAMILIES = {2: 4, 10: 6, 24: 6, 28: 6, 30: 6}  # AF_INET; AF_INET6 of Linux, BSDs and Darwin


def parse(link, data, wire):
    """A Packet, OTHER or MALFORMED. `wire` is the length on the wire, link header included."""
    version, offset, end = find_ip(link, data)
    if version is None:
        return OTHER
    parse_ip = parse_ipv4 if version == 4 else parse_ipv6
    return parse_ip(data[offset:], (wire if end is None else min(wire, end)) - offset)


NOTHING = None, 0, None


def find_ip(link, data):
    """IP version, offset and end (None: the packet's), or NOTHING. Versions 4 and 6 are what the link
    header claims."""
    if link == 1:
        return after_ethertype(data, 12, 14, 1500)
    if link == 113:
        return after_ethertype(data, 14, 16)
    if link == 276:
        return after_ethertype(data, 0, 20)
    if link in (12, 101):  # raw: nothing but the packet says which
        return (6 if data and data[0] >> 4 == 6 else 4), 0, None
    if link == 228:
        return 4, 0, None
    if link == 229:
        return 6, 0, None
    if link == 9:
        return after_ppp(data)
    if link in (0, 108) and len(data) >= 4:
        big, little = struct.unpack_from(">I", data)[0], struct.unpack_from("<I", data)[0]
        # Type 0 has the byte order of the machine that wrote it: a family is a small number.
        return FAMILIES.get(big if link == 108 else min(big, little)), 4, None
    return NOTHING


def after_ethertype(data, at, offset, longest=None):
    """Follows up to two VLAN tags from the EtherType at `at`; the payload starts at `offset`. Up to
    `longest` it is a length, and LLC follows; without one, 4 says that LLC does."""
    if len(data) < offset:
        return NOTHING
    kind = struct.unpack_from(">H", data, at)[0]
    tags = 0
    while kind in VLAN_TAGS and tags < 2:
        if len(data) < offset + 4:
            return NOTHING
        kind = struct.unpack_from(">H", data, offset + 2)[0]
        offset += 4
        tags += 1
    if longest is not None and kind <= longest:
        found = after_llc(data, offset, offset + kind)
        return found if found[1] <= offset + kind else NOTHING
    if longest is None and kind == 4 and tags == 0:
        return after_llc(data, offset, None)
    return {0x0800: 4, 0x86DD: 6}.get(kind), offset, None


def after_llc(data, at, end):
    """SNAP of organisation 0 or of bridges, IP itself, or ISO's identifiers."""
    head = data[at:at + 3]
    if head == b"\x06\x06\x03":
        return 4, at + 3, end
    if head == b"\xfe\xfe\x03" and len(data) > at + 3:
        version = {0xCC: 4, 0x8E: 6}.get(data[at + 3])
        if data[at + 3] != 0x80:
            return version, at + 4, end
        at += 1
        if data[at + 3:at + 6] != bytes(3):
            return NOTHING
    elif head != b"\xaa\xaa\x03" or data[at + 3:at + 6] not in (bytes(3), b"\0\0\xf8"):
        return NOTHING
    if len(data) < at + 8:
        return NOTHING
    return {0x0800: 4, 0x86DD: 6}.get(struct.unpack_from(">H", data, at + 6)[0]), at + 8, end


def after_ppp(data):
    """With or without HDLC's address and control, the protocol in one byte or two; Cisco's HDLC."""
    if len(data) < 2:
        return NOTHING
    if data[0] in (0x0F, 0x8F):
        kind = struct.unpack_from(">H", data, 2)[0] if len(data) >= 4 else None
        return {0x0800: 4, 0x86DD: 6}.get(kind), 4, None
    at = 2 if data[0] in (0, 1, 0xFF) and data[1] == 3 else 0
    size = 1 if len(data) > at and data[at] & 1 else 2
    if len(data) < at + size:
        return NOTHING
    return {0x21: 4, 0x57: 6}.get(int.from_bytes(data[at:at + size], "big")), at + size, None


def parse_ipv4(data, wire):
    if len(data) < 20 or data[0] >> 4 != 4:
        return MALFORMED
    header = (data[0] & 15) * 4
    length = struct.unpack_from(">H", data, 2)[0] or wire
    if header < 20 or header > length or header > len(data) or length > wire:
        return MALFORMED
    source, destination, protocol = data[12:16], data[16:20], data[9]
    if struct.unpack_from(">H", data, 6)[0] & 0x1FFF:  # a later fragment
        return Packet(source, destination, 0, 0, protocol, length).holding(length - header, None)
    return with_ports(data, header, source, destination, protocol, length)


def parse_ipv6(data, wire):
    if len(data) < 40 or data[0] >> 4 != 6:
        return MALFORMED
    length = 40 + struct.unpack_from(">H", data, 4)[0]
    if length == 40 and data[6] != 59:  # a jumbogram, or left by segmentation offload
        length = wire
        if data[6] == 0 and len(data) >= 48 and data[42:44] == b"\xc2\x04":
            length = 40 + struct.unpack_from(">I", data, 44)[0]
            if length < 40 + 65536:
                return MALFORMED
    if length > wire:
        return MALFORMED
    source, destination, protocol = data[8:24], data[24:40], data[6]
    at, count = 40, 0
    while protocol in EXTENSIONS:
        count += 1
        end_of_packet = min(length, len(data))
        if count > MOST_EXTENSIONS or at + 8 > end_of_packet:
            return MALFORMED
        following, size, fragment = struct.unpack_from(">BBH", data, at)
        if protocol == FRAGMENT:
            end = at + 8
        elif protocol == AUTHENTICATION:
            end = at + (size + 2) * 4
        else:
            end = at + (size + 1) * 8
        if end > end_of_packet:
            return MALFORMED
        if protocol == FRAGMENT and fragment & 0xFFF8:
            return Packet(source, destination, 0, 0, following, length).holding(length - end, None)
        protocol, at = following, end
    return with_ports(data, at, source, destination, protocol, length)


def with_ports(data, at, source, destination, protocol, length):
    behind, transport = length - at, data[at:length]
    if protocol not in LEAST:
        return Packet(source, destination, 0, 0, protocol, length).holding(behind, transport)
    if at + LEAST[protocol] > length or at + 4 > len(data):
        return MALFORMED
    sport, dport = struct.unpack_from(">HH", data, at)
    return Packet(source, destination, sport, dport, protocol, length).holding(behind, transport)
