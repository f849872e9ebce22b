# SPDX-License-Identifier: BSD-2-Clause
"""Packets in tunnels in tunnels, and what one mutation makes of them."""

import struct

import oracle_test as made

MACS = bytes.fromhex("221122334455244455667788")


def udp_of(port, payload):
    return struct.pack(">HHHH", 49152 + port % 100, port, 8 + len(payload), 0) + payload


def outer(rng, payload, protocol):
    """An IP packet around a tunnel's header."""
    if rng.random() < 0.5:
        return 0x0800, made.ipv4(payload, protocol)
    return 0x86DD, made.ipv6(payload, protocol)


def frame(kind, packet, rng=None):
    tags = b""
    if rng and rng.random() < 0.3:
        tags = struct.pack(">HH", 0x8100, rng.randrange(1, 4095))
    return MACS + tags + struct.pack(">H", kind) + packet


def vxlan(rng, kind, packet):
    head = struct.pack(">II", 0x08000000, rng.randrange(1 << 24) << 8)
    return outer(rng, udp_of(4789, head + frame(kind, packet, rng)), 17)


def vxlan_gpe(rng, kind, packet):
    following = {0x0800: 1, 0x86DD: 2}.get(kind, 3)
    if rng.random() < 0.3:
        following = 3
    if following == 3:
        packet = frame(kind, packet, rng)
    head = struct.pack(">II", 0x0C000000 | following, rng.randrange(1 << 24) << 8)
    return outer(rng, udp_of(4790, head + packet), 17)


def geneve(rng, kind, packet):
    if rng.random() < 0.6 or kind not in (0x0800, 0x86DD):
        kind, packet = 0x6558, frame(kind, packet, rng)
    words = rng.choice((0, 0, 2, 3))
    options = struct.pack(">HBB", 0x0104, 0x80, words - 1) + bytes(4 * words - 4) if words else b""
    head = struct.pack(">BBHI", words, 0, kind, rng.randrange(1 << 24) << 8)
    return outer(rng, udp_of(6081, head + options + packet), 17)


def gre(rng, kind, packet):
    if rng.random() < 0.3:
        kind, packet = 0x6558, frame(kind, packet, rng)
    flags, fields = 0, b""
    for bit, field in ((0x8000, bytes(4)), (0x2000, struct.pack(">I", rng.randrange(1 << 20))),
                       (0x1000, struct.pack(">I", rng.randrange(1 << 32)))):
        if rng.random() < 0.5:
            flags, fields = flags | bit, fields + field
    return outer(rng, struct.pack(">HH", flags, kind) + fields + packet, 47)


def nvgre(rng, kind, packet):
    key = rng.randrange(0x1000, 0xFFFFFF) << 8 | rng.randrange(256)
    return outer(rng, struct.pack(">HHI", 0x2000, 0x6558, key) + frame(kind, packet, rng), 47)


def erspan(rng, kind, packet):
    session, which = rng.randrange(1024), rng.choice((1, 2, 3))
    sequence = struct.pack(">I", rng.randrange(1 << 32))
    if which == 1:
        head = struct.pack(">HH", 0, 0x88BE)
    elif which == 2:
        head = struct.pack(">HH", 0x1000, 0x88BE) + sequence + struct.pack(">HHI", 0x1001, session, 0)
    else:
        more = rng.random() < 0.5
        head = struct.pack(">HH", 0x1000, 0x22EB) + sequence
        head += struct.pack(">HHIHH", 0x2001, session, 0, 0, more) + bytes(8 * more)
    return outer(rng, head + frame(kind, packet, rng), 47)


def ip(rng, kind, packet):
    return outer(rng, packet, 4 if kind == 0x0800 else 41)


def gtp(rng, kind, packet):
    flags, more = 0x30, b""
    if rng.random() < 0.5:
        extended = rng.random() < 0.6
        flags |= 4 if extended else 2
        more = struct.pack(">HBB", 7, 0, 0x85 if extended else 0)
        more += bytes([1, 0, 9, 0]) if extended else b""
    head = struct.pack(">BBHI", flags, 255, len(more) + len(packet), rng.randrange(1 << 32))
    return outer(rng, udp_of(2152, head + more + packet), 17)


def mpls(rng, kind, packet):
    depth = rng.choice((1, 1, 2, 3))
    labels = b"".join(struct.pack(">I", rng.randrange(16, 1 << 20) << 12 | (i == depth - 1) << 8 | 64)
                      for i in range(depth))
    if kind not in (0x0800, 0x86DD) or rng.random() < 0.4:
        packet = bytes(4) + frame(kind, packet, rng)  # without a control word tshark is at a loss
    return 0x8847, labels + packet


def pppoe(rng, kind, packet):
    protocol = {0x0800: 0x21, 0x86DD: 0x57}[kind]
    head = struct.pack(">BBHHH", 0x11, 0, rng.randrange(1, 1 << 16), 2 + len(packet), protocol)
    return 0x8864, head + packet


def pbb(rng, kind, packet):
    return 0x88E7, struct.pack(">I", rng.randrange(1 << 24)) + frame(kind, packet, rng)


IN_FRAMES = (vxlan, vxlan_gpe, geneve, nvgre, erspan, mpls, pbb)  # hold Ethernet, or may
ALL = (*IN_FRAMES, gre, ip, gtp, pppoe)


def innermost(rng):
    protocol = rng.choice((6, 17, 1, 132, 6, 17))
    payload = {6: made.tcp(rng.choice((80, 443)), 50000), 17: made.udp(53, rng.choice((40000, 4001))),
               1: b"\x08\0" + bytes(6), 132: struct.pack(">HHII", 7, 8, 1, 0)}[protocol]
    payload += bytes(rng.randrange(20))
    if rng.random() < 0.5:
        fragment = rng.choice((0, 0, 0, 0, 0x2000, 0x2001))
        return 0x0800, made.ipv4(payload, protocol, fragment=fragment)
    protocol = 58 if protocol == 1 else protocol
    if rng.random() < 0.3:
        return 0x86DD, made.ipv6(made.extension(protocol) + payload, 60)
    return 0x86DD, made.ipv6(payload, protocol)


def stack(rng):
    """An Ethernet frame with one to five tunnels around a packet; the names of these, outermost
    first, and how long the frame's headers are."""
    kind, packet = innermost(rng)
    inner, names = len(packet), []
    for _ in range(rng.choice((1, 1, 2, 2, 3, 4, 5))):
        fits = ALL if kind in (0x0800, 0x86DD) else IN_FRAMES
        build = rng.choice(fits)
        names.insert(0, build.__name__)
        kind, packet = build(rng, kind, packet)
    whole = frame(kind, packet, rng)
    return whole, names, len(whole) - inner + 48


def mutated(rng, whole, headers):
    """The frame with one byte changed, a bit turned, its end cut off, or bytes added behind."""
    how = rng.choice(("byte", "bit", "bit", "cut", "pad"))
    whole, wire = bytearray(whole), len(whole)
    at = rng.randrange(12, min(headers, len(whole)))
    if how == "byte":
        whole[at] = rng.choice((0, 1, 4, 6, 8, 0x45, 0x60, 0xFF, rng.randrange(256)))
    elif how == "bit":
        whole[at] ^= 1 << rng.randrange(8)
    elif how == "cut":
        del whole[at:]
    else:
        whole += bytes(rng.randrange(1, 20))
        wire = len(whole)
    return bytes(whole), wire
