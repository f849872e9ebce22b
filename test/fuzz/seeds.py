#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes the fuzzers' seeds from what the repository ships: seeds.py ROOT OUT

OUT/packet: frames of each shape in the shipped capture, and hand-made ones it lacks.
OUT/tunnel: stacks of tunnels; OUT/link: one packet behind every link header.
OUT/capture: small captures of every form and link type.
OUT/q8: the shipped models, and small made-up ones.
OUT/features_csv: good and bad tables.
OUT/labels: label tables of every tool.
OUT/prefixes: lists of IP prefixes, of --allow and --deny.
OUT/blocks: who is blocked, as --state keeps it.
OUT/nic_settings: what engines keep of an interface's settings.
OUT/control: requests, good and bad.
OUT/metrics: what scrapers accept, and metrics.
OUT/onnx: the shipped float models, a small network and a small tree.
"""

import gzip
import pathlib
import random
import struct
import sys

import seeds_models

ACCEPTED = ("", "*/*", "text/plain;q=0.5,application/openmetrics-text;version=1.0.0",
            "application/openmetrics-text; q=0.1, text/plain; q=1e3,;;,")
METRICS = b"""
# HELP one_total Of a kind.
# TYPE one_total counter
one_total{of="x,le=\\"5\\""} 7
# TYPE two histogram
two_bucket{queue="0",le="8"} 1
two_bucket{le="+Inf"} 1
"""
written = {}  # folder -> names
ROOT, OUT = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
sys.path[:0] = [str(ROOT / "test/oracle"), str(ROOT / "train")]
import stacks


def write(folder, name, content):
    path = OUT / folder
    path.mkdir(parents=True, exist_ok=True)
    if name in written.setdefault(folder, set()):
        sys.exit(f"seeds.py: two seeds {folder}/{name}")
    written[folder].add(name)
    (path / name).write_bytes(content)


def ipv4(protocol, payload, fragment=0, options=b""):
    header = struct.pack("!BBHHHBBH4s4s", 0x45 + len(options) // 4, 0,
                         20 + len(options) + len(payload), 1, fragment, 64, protocol, 0,
                         bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]))
    return header + options + payload


def ipv6(protocol, payload):
    return struct.pack("!IHBB", 6 << 28, len(payload), protocol, 64) + bytes(range(32)) + payload


def ethernet(ethertype, payload, tags=()):
    frame = bytes(range(12))
    for tag in tags:
        frame += struct.pack("!HH", tag, 7)
    return frame + struct.pack("!H", ethertype) + payload


def packets():
    """Frames that between them take every path of the parser."""
    tcp = struct.pack("!HHIIBBHHH", 40000, 22, 1, 0, 0x50, 2, 1024, 0, 0)
    udp = struct.pack("!HHHH", 5353, 53, 12, 0) + b"data"
    extension = bytes([0, 0, 0, 0, 0, 0, 0, 0])
    yield "arp", ethernet(0x0806, bytes(28))
    yield "tcp4", ethernet(0x0800, ipv4(6, tcp))
    yield "udp4-options", ethernet(0x0800, ipv4(17, udp, options=b"\x94\x04\x00\x00"))
    yield "vlan", ethernet(0x0800, ipv4(6, tcp), tags=[0x8100])
    yield "qinq", ethernet(0x86dd, ipv6(17, udp), tags=[0x88a8, 0x8100])
    yield "three-tags", ethernet(0x0800, ipv4(6, tcp), tags=[0x9100, 0x8100, 0x8100])
    yield "later-fragment", ethernet(0x0800, ipv4(17, udp, fragment=0x2001))
    for name, protocol in (("icmp", 1), ("gre", 47), ("esp", 50), ("ah", 51), ("sctp", 132)):
        yield name, ethernet(0x0800, ipv4(protocol, udp))
    yield "tcp6", ethernet(0x86dd, ipv6(6, tcp))
    yield "hop-by-hop", ethernet(0x86dd, ipv6(0, b"\x06" + extension[1:] + tcp))
    yield "fragment6", ethernet(0x86dd, ipv6(44, b"\x11\x00\x00\x01\0\0\0\1" + udp))
    yield "later-fragment6", ethernet(0x86dd, ipv6(44, b"\x11\x00\x00\x09\0\0\0\1" + udp))
    yield "ah6", ethernet(0x86dd, ipv6(51, b"\x11\x01" + bytes(10) + udp))
    for count in (8, 9):
        chain = (b"\x3c" + extension[1:]) * (count - 1) + b"\x11" + extension[1:]
        yield f"chain-{count}", ethernet(0x86dd, ipv6(60, chain + udp))


def shipped_frames(path, most=64):
    """One frame of each (length class, first header bytes) in a classic pcap file."""
    content = path.read_bytes()
    order = "<" if content[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    at, seen = 24, {}
    while at + 16 <= len(content) and len(seen) < most:
        captured, wire = struct.unpack_from(order + "II", content, at + 8)
        frame = content[at + 16:at + 16 + captured]
        seen.setdefault((len(frame) // 64, frame[12:15], frame[23:24]), (frame, wire - captured))
        at += 16 + captured
    return seen.values()


def links():
    """A packet behind each link header; the first byte is enum link_type (engine/core/port.h)."""
    udp = struct.pack("!HHHH", 5353, 53, 12, 0) + b"data"
    four, six = ipv4(17, udp), ipv6(17, udp)
    yield 0, ethernet(0x0800, four)
    yield 1, bytes(14) + b"\x08\x00" + four
    yield 1, bytes(14) + b"\x81\x00\0\x01\x86\xdd" + six
    yield 2, b"\x86\xdd" + bytes(18) + six
    for raw in (3, 4, 5):
        yield raw, four
        yield raw, six
    snap = b"\xaa\xaa\x03\0\0\0\x08\0" + four
    wifi = b"\x88\x01" + bytes(22) + b"\0\0" + snap
    yield 0, bytes(12) + struct.pack("!H", len(snap)) + snap
    yield 8, b"\xff\x03\0\x21" + four
    yield 9, b"\1\x21" + four
    yield 10, b"\x11\0\0\1\0\x20\0\x57" + six
    yield 11, b"\x0f\0\x08\0" + four
    yield 12, b"\x18\x41\x03\xcc" + four
    yield 13, snap
    yield 14, b"\x10\x40" + bytes(6) + b"\x80" + bytes(5) + b"\x02\0" + snap
    yield 15, b"\x50" + bytes(12) + snap
    yield 16, bytes(16) + b"\x86\xdd" + six
    yield 17, wifi
    yield 18, b"\0\0\x19\0\x03\0\0\x80" + bytes(17) + wifi
    yield 19, b"\x44\0\0\0\x0c\0\0\0\0\0\0\0" + wifi
    yield 20, b"\x80\x21\x10\x01\0\0\0\x0c\0\0\0\0" + wifi
    yield 21, b"\x02\0\0\0\x05\0\x0a\0x\0\0\0" + struct.pack("<HH", 4 + len(four), 9) + four
    yield 22, b"\x05\x02" + bytes(6) + four
    yield 23, b"\x02" + bytes(11) + four
    yield 24, b"\0\0\x08\0\x09\0\0\0\xff\x03\0\x21" + four
    yield 25, b"\x0c\0\0\0\1\0\0\0\x0c\0\0\0" + six
    for loopback in (6, 7):
        for family in (2, 24, 30):
            yield loopback, struct.pack("<I", family) + (four if family == 2 else six)
            yield loopback, struct.pack(">I", family) + (four if family == 2 else six)


# of enum link_type, as numbered in capture files
DLT = (1, 113, 276, 101, 228, 229, 0, 108, 9, 204, 51, 104, 107, 100, 6, 10, 138, 105, 127, 119, 163,
       239, 117, 109, 192, 258)


def pcap(link, frames, magic, order):
    content = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, link)
    for i, frame in enumerate(frames):
        content += struct.pack(order + "IIII", i, i, len(frame), len(frame) + i) + frame
    return content


def block(order, kind, body):
    body += bytes(-len(body) % 4)
    size = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + size + body + size


def pcapng(link, frames, order="<", resolution=b""):
    content = block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    options = struct.pack(order + "HHB3xHHq", 9, 1, resolution[0], 14, 8, -3) if resolution else b""
    content += block(order, 1, struct.pack(order + "HHI", link, 0, 262144) + options)
    content += block(order, 4, bytes(8))
    for i, frame in enumerate(frames):
        content += block(order, 6, struct.pack(order + "IIIII", 0, 1, i, len(frame), len(frame)) + frame)
    content += block(order, 2, struct.pack(order + "HHIIII", 0, 0, 1, 9, len(frames[0]), 99) + frames[0])
    return content + block(order, 3, struct.pack(order + "I", len(frames[0])) + frames[0])


def captures():
    by_link = {}
    for link, frame in links():
        by_link.setdefault(DLT[link], []).append(frame)
    for link, frames in by_link.items():
        yield f"{link}.pcap", pcap(link, frames, 0xA1B2C3D4, "<")
        yield f"{link}.pcapng", pcapng(link, frames)
    both = pcapng(1, by_link[1], ">", b"\xbf") + pcapng(220, by_link[1], "<", b"\x09")
    yield "sections.pcapng", both
    yield "gzip", gzip.compress(both, mtime=0) * 2
    yield "big-endian.pcap", pcap(1, by_link[1], 0xA1B2C3D4, ">")
    yield "nanoseconds.pcap", pcap(1, by_link[1] * 40, 0xA1B23C4D, "<")
    yield "cut.pcap", pcap(1, by_link[1], 0xA1B2C3D4, "<")[:-3]


NAMES = ("sport,dport,protocol,length,interval,direction,mean_length,mean_interval,mean_direction,"
         "dev_length,dev_interval,dev_direction")
MORE = ("flags_forward,flags_backward,payload_forward,payload_backward,initiator_failed,"
        "initiator_failed_share,initiator_unanswered,initiator_peers,initiator_ports,pair_flows,"
        "pair_ports,responder_failed,responder_sources,responder_new,responder_refused,"
        "service_failed")


def tables():
    row = "40000,22,6,60,0,1,15360,0,65536,0,0,0"
    yield f"index,{NAMES},label\n0,{row},benign\n7,{row},portscan\n"
    yield f'"label",{NAMES}\r\n"benign",{row}\r\n"a ""b""",{row}\r\n'
    yield f"index,{NAMES},label\n0,{row.replace('22', '4294967296')},benign\n"
    yield f"index,{NAMES},label\n0,{row.replace('22', 'ssh')},benign\n"
    yield f"index,{NAMES}\n0,{row}\n"
    yield f"{NAMES},label\n{row}\n"
    places = f"index,{NAMES},label,flow,packet\n0,{row},benign,0,1\n1,{row},,1,1\n"
    yield f"{places}2,{row},benign,0,2\n"
    yield f"{places}2,{row},benign,1,1\n"
    yield f"{NAMES},label,flow\n{row},benign,0\n"
    both = row + ",2,18,0,0,9,255,9,8,9,1,1,3,2,255,1,0"
    yield f"index,{NAMES},{MORE},label\n0,{both},benign\n7,{both},portscan\n"
    yield f"index,{NAMES},flags_backward,label\n0,{row},18,benign\n"


def label_tables():
    own = "start,end,protocol,source,destination,source_port,destination_port,source_mac,destination_mac,label"
    yield 0, f"{own}\n0,1e,17,10.0.0.1,::ffff:10.0.0.2,1000,53,,,a\n"
    yield 0, f"{own}\n0,2000000000.5,17,10.0.0.1,10.0.0.2,1000,53,02:00:00:00:00:02,,a\n5,4,,,,,,,,b\n,,,,,,,,,\n"
    yield 0, "index;label\n0;a\n3;b\n"
    yield 0, "#separator \\x09\n#fields\tts\tduration\tid.orig_h\tid.orig_p\tproto\ttunnel_parents   label\n" \
             "1600000000.1\t-\t10.0.0.1\t1000\tudp\t-   a\n"
    yield 0, '{"ts": 1.5, "id.orig_h": "10.0.0.1", "proto": "udp", "label": "a"}\n'
    yield 0, '{"event_type": "alert", "flow_id": 7, "timestamp": "2020-09-13T12:26:40.5+0200", "src_ip": ' \
             '"10.0.0.1", "proto": "UDP", "alert": {"category": "c"}}\n{"event_type": "flow", "flow_id": 7, ' \
             '"src_ip": "10.0.0.1", "flow": {"start": "1999-09-13T12:26:40Z", "end": "2040-01-01T00:00:00Z"}}\n'
    yield 0, " Src IP, Src Port, Protocol, Timestamp, Flow Duration, Label\n10.0.0.1,1000,17,5/7/2017 3:54,9,a – b\n"
    yield 0, "10.0.0.1,1000,10.0.0.2,53,udp," + "0," * 23 + "1,1600000000," + "0," * 17 + " x ,1\n"
    yield 0, "StartTime,Dur,Proto,SrcAddr,Sport,Label\n2011/08/10 09:46:53.1,9.5,icmp,10.0.0.1,0x0303,a\n"


def nic_settings():
    head = b"afxdp-engine settings 1\ndevice 5f-a 42 02:00:5e:00:ff:01\n"
    yield head + b"promiscuous off on\nrx-lro on off\nchannels 4/4/0 2/2/0 3/3/0\n"
    yield head + (b"gro_flush_timeout 0 200000\nrss-key 00ff12 6d5a6d\nrss-table 0,0,1,17 kernel\n"
                  b"rss-udp4 48 240\n")


REQUESTS = ('{"command":"version"}', '{"command":"set-action","action":"flood=drop"}', "[" * 3000,
            '{"command":"\\u0000","x":[1.5e300,null,true,{"y":[]}],"limit":5}', '{"command":1}')


def main():
    for name, frame in packets():
        write("packet", name, struct.pack("<H", 0) + frame)
        write("packet", name + "-cut", struct.pack("<H", 600) + frame[:-4])
    for i in range(60):
        write("tunnel", f"{i}", bytes(2) + stacks.stack(random.Random(i))[0])
    for path in sorted((ROOT / "test/captures").glob("*.pcap")):
        for i, (frame, more) in enumerate(shipped_frames(path)):
            write("packet", f"{path.stem}-{i}", struct.pack("<H", min(more, 65535)) + frame)
    for i, (link, frame) in enumerate(links()):
        write("link", f"{link}-{i}", bytes([link, 0, 0]) + frame)
    for name, content in captures():
        write("capture", name, content)
    for i, table in enumerate(tables()):
        write("features_csv", f"{i}.csv", table.encode())
    for i, (unit, table) in enumerate(label_tables()):
        write("labels", str(i), bytes([0, unit]) + table.encode())
    write("prefixes", "list", b"192.0.2.0/24,2001:db8::/32,10.1.2.3, ::/0")
    write("prefixes", "file", b"# a list\r\n192.0.2.0/24 ; SBL1\n\n2001:db8::1\n10.0.0.1/8\n")
    write("blocks", "two", b"afxdp-engine blocks 1\n203.0.113.9 1795881234\n2001:db8::9 17\n")
    write("blocks", "none", b"afxdp-engine blocks 1\n")
    write("blocks", "bad", b"afxdp-engine blocks 1\n203.0.113.0/24 5\n1.2.3.4 999999999999\n")
    for i, text in enumerate(nic_settings()):
        write("nic_settings", str(i), text)
    for i, line in enumerate(REQUESTS):
        write("control", f"{i}", line.encode())
    for i, accept in enumerate(ACCEPTED):
        write("metrics", f"{i}", accept.encode() + METRICS)
    for name, graph in seeds_models.onnx_models():
        write("onnx", f"small-{name}.onnx", graph.SerializeToString())
    for path in sorted((ROOT / "models").glob("*.onnx")):
        write("onnx", path.name, path.read_bytes())
    for version, features in ((1, 12), (2, 28)):
        write("q8", f"network-{version}", seeds_models.model(1, seeds_models.network(features), version))
        write("q8", f"forest-{version}", seeds_models.model(2, seeds_models.forest(version), version))
    for name, content in seeds_models.boosted():
        write("boosted", name, content)
    for path in sorted((ROOT / "models").glob("*.q8")):
        write("q8", path.name, path.read_bytes())
    (OUT / "done").write_text("")


main()
