#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Label tables as other tools write them, and what is said of what joined."""

import datetime
import ipaddress
import json
import os
import sys
import unittest

import programs
from programs import MIXED, ROOT, ethernet_udp, pcap, run

sys.path.insert(0, os.path.join(ROOT, "train"))

from afxdp_train.oracle import captures, packets

NAMES = {6: "tcp", 17: "udp", 1: "icmp", 58: "icmp"}


def address(raw):
    return str(ipaddress.ip_address(raw))


def true_rows():
    """The shipped capture's own rows, and a flow table made of its packets: a row for each time that
    the packets of a five-tuple have one label: (first, last, tuple, label), times in ns."""
    done = run("afxdp-features", MIXED, "--labels", MIXED.replace(".pcap", ".labels.csv"))
    own = done.stdout
    label = {}
    for line in own.decode().splitlines()[1:]:
        fields = line.split(",")
        label[int(fields[0])] = fields[-1]
    flows = {}
    for index, (time, link, data, wire) in enumerate(captures.read(MIXED)):
        packet = packets.parse(link, data, wire)
        if index not in label:
            continue
        ends = ((packet.source, packet.sport), (packet.destination, packet.dport))
        key = (packet.protocol, *sorted(ends))
        runs = flows.setdefault(key, [])
        if runs and runs[-1][3] == label[index]:
            runs[-1][1] = max(runs[-1][1], time)
            runs[-1][0] = min(runs[-1][0], time)
        else:
            runs.append([time, time, (packet.protocol, *ends), label[index]])
    return own, [run_ for runs in flows.values() for run_ in runs]


def ports(protocol, ends):
    """As Zeek has them: an ICMP type and code there."""
    return (ends[0][1], ends[1][1]) if protocol in (6, 17) else (8, 0)


def seconds(time):
    return f"{time // 10**9}.{time % 10**9 // 1000:06d}"


def zeek(rows, labelled=False):
    names = ["ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "service",
             "duration"] + (["tunnel_parents   label   detailed-label"] if labelled else ["label"])
    out = ["#separator \\x09", "#set_separator\t,", "#empty_field\t(empty)", "#unset_field\t-",
           "#path\tconn", "#open\t2026-11-27-12-00-00", "#fields\t" + "\t".join(names),
           "#types\t" + "\t".join("string" for _ in names)]
    for first, last, (protocol, a, b), label in rows:
        sport, dport = ports(protocol, (a, b))
        out.append("\t".join((seconds(first), "C1", address(a[0]), str(sport), address(b[0]), str(dport),
                              NAMES[protocol], "-", seconds(last - first) if last > first else "-",
                              f"-   {label}   -" if labelled else label)))
    return "\n".join(out + ["#close\t2026-11-27-13-00-00", ""]).encode()


def zeek_json(rows):
    return "".join(json.dumps({
        "ts": first / 1e9, "uid": "C1", "id.orig_h": address(a[0]), "id.orig_p": ports(protocol, (a, b))[0],
        "id.resp_h": address(b[0]), "id.resp_p": ports(protocol, (a, b))[1], "proto": NAMES[protocol],
        **({"duration": (last - first) / 1e9} if last > first else {}), "label": label}) + "\n"
                   for first, last, (protocol, a, b), label in rows).encode()


def iso(time):
    """Suricata's, of a machine three hours behind."""
    zone = datetime.timezone(datetime.timedelta(hours=-3))
    return datetime.datetime.fromtimestamp(time // 10**9, zone).strftime(
        f"%Y-%m-%dT%H:%M:%S.{time % 10**9 // 1000:06d}%z")


def eve(rows):
    out = []
    for number, (first, last, (protocol, a, b), label) in enumerate(rows, 10**15):
        common = {"flow_id": number, "src_ip": address(a[0]), "dest_ip": address(b[0]),
                  "proto": {1: "ICMP", 58: "IPv6-ICMP"}.get(protocol, NAMES[protocol].upper())}
        if protocol in (6, 17):
            common |= {"src_port": a[1], "dest_port": b[1]}
        out += [{"timestamp": iso(last), "event_type": "alert", **common,
                 "alert": {"signature": "ET SCAN", "category": label}, "flow": {"start": iso(first)}},
                {"timestamp": iso(last), "event_type": "dns", "flow_id": number},
                {"timestamp": iso(last + 60 * 10**9), "event_type": "flow", **common,
                 "flow": {"start": iso(first), "end": iso(last), "alerted": True}}]
    return "".join(json.dumps(event) + "\n" for event in out).encode()


def cic(rows):
    """CICFlowMeter's: a blank before most names, one of them twice, days first, a clock of 12 hours
    three behind, seconds alone."""
    out = ["Flow ID, Source IP, Source Port, Destination IP, Destination Port, Protocol, Timestamp,"
           " Flow Duration, Fwd Header Length, Fwd Header Length, Label"]
    zone = datetime.timezone(datetime.timedelta(hours=-3))
    for first, last, (protocol, a, b), label in rows:
        when = datetime.datetime.fromtimestamp(first // 10**9, zone)
        text = f"{when.day}/{when.month}/{when.year} {when.strftime('%I:%M:%S %p')}"
        out.append(f"x,{address(a[0])},{a[1]},{address(b[0])},{b[1]},"
                   f"{protocol if protocol in (6, 17) else 0},{text},{(last - first) // 1000},0,0,{label}")
    return "\r\n".join(out).encode()


def argus(rows):
    out = ["StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State,sTos,dTos,TotPkts,TotBytes,"
           "SrcBytes,Label"]
    for first, last, (protocol, a, b), label in rows:
        when = datetime.datetime.fromtimestamp(first // 10**9, datetime.timezone.utc)
        name = "ipv6-icmp" if protocol == 58 else NAMES[protocol]
        sport, dport = (a[1], b[1]) if protocol in (6, 17) else ("0x0303", "")
        out.append(f"{when.strftime('%Y/%m/%d %H:%M:%S')}.{first % 10**9 // 1000:06d},"
                   f"{seconds(last - first)},{name},{address(a[0])},{sport},   ->,{address(b[0])},"
                   f"{dport},CON,0,0,1,1,1,{label}")
    out.insert(2, "2011/08/10 09:46:53.0,0.0,arp,1.2.3.4,,who,1.2.3.5,,CON,,,1,60,60,Background")
    return "\n".join(out).encode()


def unsw(rows):
    """Without a header, µs."""
    out = []
    for first, last, (protocol, a, b), label in rows:
        fields = ["0"] * 49
        fields[0:5] = address(a[0]), str(a[1]), address(b[0]), str(b[1]), NAMES[protocol]
        if protocol not in (6, 17):
            fields[1] = fields[3] = "-"
        fields[28:30] = str(first // 1000), str(last // 1000)
        fields[47:49] = f" {label} ", "1"
        out.append(",".join(fields))
    return "\n".join(out).encode()


class Renderings(programs.Test):
    """The shipped capture's labels, through other tools' tables of them: the same rows."""

    def test_all(self):
        own, rows = true_rows()
        self.assertGreater(len(rows), 1000)
        for name, table, options in (
                ("conn.log", zeek(rows), ()), ("labelled", zeek(rows, True), ()),
                ("json", zeek_json(rows), ()), ("eve", eve(rows), ()),
                ("argus", argus(rows), ()), ("unsw", unsw(rows), ("--label-unit", "us")),
                ("cic", cic(rows), ("--label-zone", "-03:00"))):
            path = self.write(name, table)
            done = run("afxdp-features", MIXED, "--labels", path, *options)
            self.assertEqual(done.returncode, 0, (name, done.stderr))
            self.assertEqual(done.stdout, own, name)
            if name not in ("argus", "cic"):  # which have ARP's, and some rows within others' seconds
                self.assertEqual(done.stderr, b"", name)
            with open(path, "rb") as file:
                again = run("afxdp-features", MIXED, "--labels", "-", *options, stdin=file)
            self.assertEqual(again.stdout, own, name)
        self.assertIn(b"1 rows are of no IP protocol that is known", run(
            "afxdp-features", MIXED, "--labels", self.path("argus")).stderr)


class Joins(programs.Test):
    START = 1_600_000_000

    def setUp(self):
        super().setUp()
        self.capture = self.write("x.pcap", pcap(
            [((self.START + i) * 10**9, ethernet_udp(i, sport=1000 + i)) for i in range(10)]))

    def join(self, text, *options, capture=None):
        table = self.write("l.csv", text if isinstance(text, bytes) else text.encode())
        return run("afxdp-features", capture or self.capture, "--labels", table, *options)

    def labels(self, done):
        return [line.rsplit(",", 1)[1] for line in done.stdout.decode().splitlines()[1:]]

    def test_what_is_missing(self):
        done = self.join(f"start,end,label\n{self.START},{self.START + 3},a\n5,6,b\n")
        self.assert_one_line(done, 0, "1 of 2 rows gave no packet a label",
                             "6 of 10 packets have no row")
        self.assertEqual(self.labels(done), ["a"] * 4)
        done = self.join("index,label\n3,b\n99,d\n", "--unlabelled", "z")
        self.assert_one_line(done, 0, "1 of 2 rows", "9 of 10 packets")
        self.assertEqual(len(self.labels(done)), 10)

    def test_nothing_joins(self):
        for off in (3 * 3600, -3 * 3600, 5400, 37, -86400 * 400):
            text = "".join(f"{self.START + i - off},{self.START + i - off + 1},{1000 + i},a\n"
                           for i in range(10))
            done = self.join("start,end,source_port,label\n" + text)
            self.assert_one_line(done, 2, "no packet has a row", f"--label-offset {off},",
                                 "10 of them")
            self.assertEqual(self.labels(done), [])
            done = self.join("start,end,source_port,label\n" + text, "--label-offset", str(off))
            self.assertEqual((done.returncode, self.labels(done)), (0, ["a"] * 10))
        done = self.join("source,label\n192.0.2.1,a\n")
        self.assert_one_line(done, 2, "no packet has a row", "no other clock would help")

    def test_a_clock_that_would_do_better(self):
        text = f"{self.START},{self.START + 1},1000,a\n" + "".join(
            f"{self.START + i + 3600},{self.START + i + 3601},{1000 + i},a\n" for i in range(1, 10))
        self.assert_one_line(self.join("start,end,source_port,label\n" + text), 0,
                             "9 of 10 packets have no row", "--label-offset -3600, 9 of these")

    def test_rows_that_end_before_they_start(self):
        done = self.join(f"start,end,label\n{self.START},{self.START + 20},a\n"
                         f"{self.START + 9},{self.START},b\n")
        lines = done.stderr.decode().splitlines()
        self.assertEqual((done.returncode, len(lines)), (0, 2))
        self.assertIn("1 rows end before they start and match nothing, the first in line 3", lines[0])

    def test_forms_of_csv(self):
        """Marks, line ends, separators, quotes and lines without anything."""
        row = f"{self.START},10.0.0.1,a b"
        for text in (b"\xef\xbb\xbfstart,source,label\r\n" + row.encode() + b"\r\n\r\n",
                     b"start;source;label\n" + row.replace(",", ";").encode() + b"\n;;\n\n",
                     b"start\tsource\tlabel\n" + row.replace(",", "\t").encode() + b"\n\t\t\n",
                     b'"start","source","label"\n"' + row.replace(",", '","').encode() + b'"\n,,\n , ,\n',
                     b"start,source,label\n\n" + row.encode()):
            done = self.join(text)
            self.assertEqual((done.returncode, self.labels(done)), (0, ["a b"]), (text, done.stderr))

    def test_mapped_addresses(self):
        done = self.join("source,destination,label\n::ffff:10.0.0.4,::FFFF:10.128.0.1,m\n")
        self.assertEqual(self.labels(done), ["m"])

    def test_letters_beyond_ascii(self):
        for raw, name in (("Web Attack – XSS".encode(), "Web Attack - XSS"),
                          (b"Web Attack \x96 XSS", "Web Attack - XSS"),
                          ("Web Attack \ufffd XSS".encode(), "Web Attack - XSS"),
                          ("„é“".encode(), "??'")):
            done = self.join(b"label\n" + raw + b"\n")
            self.assertEqual(len(done.stderr.splitlines()), 1)
            self.assertIn(f"becomes the class '{name}'".encode(), done.stderr)
            self.assertEqual(self.labels(done), [name] * 10)
        two = self.join("source_port,label\n1000,a – b\n1001,a — b\n1002,a - b\n".encode())
        self.assertEqual(self.labels(two), ["a - b"] * 3)

    def test_dates(self):
        """2020-09-13 12:26:40 UTC, in every form."""
        for text, options in (
                ("2020-09-13T12:26:40Z", ()), ("2020-09-13 14:26:40.000000+0200", ()),
                ("2020/09/13 09:26:40", ("--label-zone", "-03:00")),
                ("2020-09-13T12:26", ()), ("13/9/2020 12:26:40", ()), ("13/09/2020 12:26:40 PM", ()),
                ("1600000000000", ("--label-unit", "ms")), ("1600000000000000", ("--label-unit", "us")),
                ("1600000000", ()), ("1600000000.0", ()), ("1599996400", ("--label-offset", "3600")),
                ("1600000000.75", ("--label-offset", "-0.75"))):
            done = self.join(f"Timestamp,Flow Duration,Src Port,Protocol,Label\n{text},0,1000,17,a\n",
                             *options)
            self.assertEqual((done.returncode, self.labels(done)), (0, ["a"]), (text, done.stderr))
        done = self.join("Timestamp,Flow Duration,Label\n13/9/2020 3:26:40,0,a\n", "--label-offset",
                         "-10800")  # three in the afternoon
        self.assertEqual(self.labels(done), ["a"])

    def test_refusals(self):
        for text, options, part in (
                ("Timestamp,Flow Duration,Label\nyesterday,0,a\n", (), "line 2: column 'Timestamp'"),
                ("Timestamp,Flow Duration\n1,0\n", (), "'Label' is missing: say which"),
                ("Timestamp,Flow Duration,Label\n1,0,a\n", ("--label-column", "Class"), "'Class'"),
                ("#separator \\x09\n#close\n", (), "#fields"),
                ("#fields\tts\tlabel\n1\t2\t3\n", (), "line 2 has 3 fields"),
                ('{"ts": 1,\n', (), "line 1: not an object"), ('{"ts": 1, "label": "a,b"}', (), "'a,b'"),
                ('{"event_type": "alert", "src_ip": "x", "alert": {}}', (), "column 'src_ip' is 'x'"),
                ("StartTime,SrcAddr,Sport,Proto,Label\n1,10.0.0.1,99999,udp,a\n", (), "too large")):
            self.assert_one_line(self.join(text, *options), 2, part)
        for option, value in (("--label-zone", "CET"), ("--label-offset", "soon"),
                              ("--label-offset", "2020-01-01 00:00"), ("--label-unit", "h")):
            self.assert_one_line(self.join("label\na\n", option, value), 2, option, value)
        self.assert_one_line(run("afxdp-features", self.capture, "--label-zone", "UTC"), 2, "--labels")

    def test_a_column_of_ones_choice(self):
        lines = "#fields\tts\tid.orig_h\tlabel\tdetailed-label\n1600000000\t10.0.0.0\tBad\tPortScan\n"
        self.assertEqual(self.labels(self.join(lines)), ["Bad"])
        self.assertEqual(self.labels(self.join(lines, "--label-column", "detailed-label")), ["PortScan"])
        event = {"event_type": "alert", "timestamp": "2020-09-13T12:26:43Z", "src_ip": "10.0.0.5",
                 "proto": "UDP", "alert": {"signature": "ET X", "category": "C"}}
        text = json.dumps(event) + "\n"
        self.assertEqual(self.labels(self.join(text)), ["C"])
        self.assertEqual(self.labels(self.join(text, "--label-column", "alert.signature")), ["ET X"])

    def test_many_rows_of_one_key(self):
        """What was searched row by row took a minute for this."""
        capture = self.write("ntp.pcap", pcap([(self.START * 10**9 + i * 10**7, ethernet_udp(1))
                                               for i in range(20000)]))
        rows = "".join(f"{self.START + i * 200 / 50000:.6f},{self.START + (i + 1) * 200 / 50000 - 1e-6:.6f},"
                       f"10.0.0.1,{'ab'[i % 2]}\n" for i in range(50000))
        done = self.join("start,end,source,label\n" + rows, capture=capture)
        found = self.labels(done)
        self.assertEqual(len(found), 20000)
        self.assertEqual(found, ["ab"[int(i * 0.01 / 0.004 + 1e-6) % 2] for i in range(20000)])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
