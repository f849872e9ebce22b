#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""--metrics over AF_XDP and from the kernel datapath: the report's own numbers, and scrapers that misbehave."""

import os
import re
import signal
import socket
import time

import lab

DT = os.path.join(lab.ROOT, "models", "dt.q8")
NN = os.path.join(lab.ROOT, "models", "nn.q8")
PORT = 9464
LINE = re.compile(r'^(\w+)(?:\{(.*)\})? (\S+)$')


def parse(text):
    """(name, {label: value}) -> value"""
    values = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        name, labels, value = LINE.match(line).groups()
        key = name, frozenset(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels or ""))
        assert key not in values, line
        values[key] = float(value)
    return values


class Metrics(lab.Test):
    def inside(self, engine):
        """A socket in the engine's network namespace."""
        made = lab.inside(f"/proc/{engine.process.pid}/ns/net", socket.socket)
        self.addCleanup(made.close)
        made.settimeout(15)
        made.connect(("127.0.0.1", PORT))
        return made

    def hear(self, client):
        parts = []
        try:
            while part := client.recv(1 << 16):
                parts.append(part)
        except ConnectionResetError:
            pass
        return b"".join(parts).decode()

    def scrape(self, engine):
        client = self.inside(engine)
        client.sendall(b"GET /metrics HTTP/1.1\r\nHost: engine\r\n\r\n")
        head, text = self.hear(client).split("\r\n\r\n", 1)
        self.assertIn(" 200 ", head)
        self.assertIn("text/plain; version=0.0.4", head)
        return text

    def total(self, values, name, **labels):
        wanted = set(labels.items())
        return sum(value for (family, found), value in values.items()
                   if family == name and wanted <= found)

    def check_queues(self, values, report):
        """Every counter that the report's queues have."""
        seen = 0
        for queue in report["queues"]:
            labels = {"interface": queue["interface"],
                      "queue": "other" if queue["queue"] is None else str(queue["queue"])}
            for name, value in queue.items():
                for start, family, label in (
                        ("xdp_", "afxdp_program_packets_total", "fate"),
                        ("failed_", "afxdp_failed_packets_total", "cause")):
                    if name.startswith(start) and (start == "xdp_" or queue["received"]):
                        self.assertEqual(self.total(values, family, **labels,
                                                    **{label: name[len(start):]}), value, name)
                        seen += 1
                if name in ("dropped", "forwarded", "passed", "consumed"):
                    self.assertEqual(self.total(values, "afxdp_ending_packets_total", **labels,
                                                ending=name), value)
                if name in ("rx_ring_full", "rx_dropped", "rx_unbound"):
                    self.assertEqual(self.total(values, "afxdp_lost_packets_total", **labels,
                                                cause=name), value)
            for name, family in (("received", "afxdp_packets_total"),
                                 ("flows", "afxdp_flows_begun_total"),
                                 ("evictions", "afxdp_flow_evictions_total")):
                self.assertEqual(self.total(values, family, **labels), queue[name])
        self.assertGreater(seen, 10)

    def check(self, values, report):
        for name, count in report["classes"].items():
            self.assertEqual(self.total(values, "afxdp_class_packets_total", **{"class": name}), count)
        for name in ("other", "malformed"):
            self.assertEqual(self.total(values, "afxdp_class_packets_total", **{"class": name}),
                             report[name])
        for name, count in report["actions"].items():
            self.assertEqual(self.total(values, "afxdp_action_packets_total", action=name), count)
        self.assertEqual(self.total(values, "afxdp_bytes_total"), report["bytes"])
        self.assertEqual(self.total(values, "afxdp_info", mode=report["mode"], interface="eng0",
                                    version=report["version"], datapath=report["datapath"]), 1)
        self.assertEqual(self.total(values, "afxdp_model_info", kind=report["model"]["kind"],
                                    digest=report["model"]["checksum"]), 1)
        for port in report["ports"]:
            self.assertEqual(self.total(values, "afxdp_nic_events_total", event="rx_packets",
                                        interface=port["interface"]), port["nic_rx_packets"])
        self.check_queues(values, report)

    def test_they_are_the_reports_own_numbers(self):
        for datapath in ("afxdp", "kernel"):
            with self.subTest(datapath=datapath):
                here = self.lab("--two-ports", "--queues", "2")
                engine = here.engine("--iface", "eng0", "--bridge", "eng1", "--queues", "2",
                                     "--datapath", datapath, "--metrics", str(PORT), "--eve",
                                     "/dev/null", "--flows", "64", "--deny", "203.0.113.0/24",
                                     "--action", "flood=drop", model=DT)
                begun = time.time()
                here.generate("--count", "10000", "--flows", "5000", "--rate", "20000")
                here.generate("--pcap", lab.MIXED, "--rate", "5000")
                time.sleep(0.3)
                values = parse(self.scrape(engine))
                report = engine.stop()
                self.assertGreater(report["packets"], 10000)
                self.assertGreater(report["evictions"], 100)
                self.check(values, report)
                self.assertAlmostEqual(self.total(values, "afxdp_start_time_seconds"), begun, delta=5)
                self.assertEqual(report["metrics"]["answered"], 1)
                if datapath == "kernel":
                    self.assertLessEqual(self.total(values, "afxdp_flows"), 64 * os.cpu_count())
                    self.assertGreater(self.total(values, "afxdp_flows"), 32)
                    self.assertEqual(self.total(values, "afxdp_unrecorded_packets_total"),
                                     sum(queue["unrecorded"] for queue in report["queues"]))
                    continue
                for queue in report["queues"][:2]:
                    number = str(queue["queue"])
                    both = sum(other["received"] for other in report["queues"]
                               if other["queue"] == queue["queue"])
                    self.assertEqual(self.total(values, "afxdp_burst_packets_sum", queue=number), both)
                    self.assertGreater(self.total(values, "afxdp_rx_ring_descriptors_sum",
                                                  queue=number), both - 1)
                    self.assertGreater(self.total(values, "afxdp_worker_busy_ratio_count",
                                                  queue=number), 3)
                self.assertEqual(self.total(values, "afxdp_rx_ring_size", interface="eng0"), 8192)
                self.assertLessEqual(self.total(values, "afxdp_flows"), 128)
                self.assertGreater(self.total(values, "afxdp_flows"), 64)
                self.assertGreater(self.total(values, "afxdp_hosts"), 1)

    def test_scrapers_hold_up_no_packet(self):
        """Some hang, some send garbage, a hundred come at once; all of them are gone in 5 s."""
        here = self.lab("--two-ports")
        engine = here.engine("--iface", "eng0", "--bridge", "eng1", "--metrics", str(PORT), model=DT)
        begun = time.monotonic()
        hanging = [self.inside(engine) for _ in range(30)]
        for number, client in enumerate(hanging):
            client.sendall((b"", b"GET /met", b"GET /metrics HTTP/1.1\r\nHost: ")[number % 3])
        many = [self.inside(engine) for _ in range(100)]
        for client in many:
            try:
                client.sendall(os.urandom(3000) + b"\r\n\r\n")
            except OSError:
                pass # hung up on already
        self.assertEqual(here.generate("--count", "20000", "--rate", "20000")["sent"], 20000)
        self.assertEqual(here.ping(3), 3)
        for client in many + hanging:
            self.hear(client)
        self.assertLess(time.monotonic() - begun, 8)
        self.assertGreater(time.monotonic() - begun, 4)
        values = parse(self.scrape(engine))
        told = {name: self.total(values, "afxdp_metrics_requests_total", result=name)
                for name in ("answered", "wrong", "late", "refused", "unanswered")}
        self.assertGreaterEqual(told["refused"], 50)
        self.assertEqual(sum(told.values()), 130)
        report = engine.stop()
        self.assertGreaterEqual(report["packets"], 20000)
        self.assertEqual(report["metrics"], told | {"answered": 1})

    def test_they_go_on_over_a_reload(self):
        here = self.lab("--two-ports")
        path = self.path("model.q8")
        os.symlink(DT, path)
        engine = here.engine("--iface", "eng0", "--bridge", "eng1", "--metrics", str(PORT), model=path)
        before = self.scrape(engine)
        os.unlink(path)
        os.symlink(NN, path)
        here.run("eng", lab.ENGINE, "ctl", "reload")
        after = self.scrape(engine)
        self.assertIn('kind="dt"', before)
        self.assertIn('kind="nn"', after)
        engine.signal(signal.SIGHUP)
        self.scrape(engine)
        engine.stop()

    def test_a_taken_port_is_refused_before_anything_is_attached(self):
        here = self.lab("--two-ports")
        engine = here.engine("--iface", "eng0", "--metrics", str(PORT), model=DT)
        status, said = here.refused("--iface", "eng1", "--metrics", str(PORT))
        self.assertEqual(status, 2)
        self.assertIn(f"cannot listen for scrapers on 127.0.0.1:{PORT}: Address already in use", said)
        self.assertIsNone(here.attached("eng1"))
        engine.stop()


if __name__ == "__main__":
    lab.main()
