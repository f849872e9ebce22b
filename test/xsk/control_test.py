#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A running engine is asked, and told what to do, by `afxdp-engine ctl`, signals and its socket."""

import json
import os
import re
import signal
import socket
import subprocess
import time

import lab

MODEL = os.path.join(lab.BUILD, "bin", "afxdp-model")
DATAPATHS = ((), ("--datapath", "kernel"))


class Control(lab.Test):
    def ctl(self, here, *words, check=True):
        done = here.run("eng", lab.ENGINE, "ctl", *words, check=check)
        return done

    def ask(self, here, *words):
        return json.loads(self.ctl(here, *words, "--json").stdout)

    def test_it_is_asked_and_told(self):
        for datapath in DATAPATHS:
            with self.subTest(datapath=datapath):
                here = self.lab("--two-ports")
                model = self.model("forward")
                engine = here.engine("--iface", "eng0", "--bridge", "eng1", *datapath, model=model)
                here.generate("--count", "2000", "--rate", "20000")
                version = self.ask(here, "version")
                self.assertEqual(version["pid"], engine.process.pid)
                self.until(lambda h=here: self.ask(h, "stats")["packets"] >= 2000)
                stats = self.ask(here, "stats", "-i", "eng0")
                lab.check_sums(stats)
                self.assertEqual(stats["actions"]["drop"], 0)
                self.assertIn("packets", self.ctl(here, "stats").stdout)
                for name in stats["classes"]:
                    self.ctl(here, "set-action", f"{name}=drop")
                engine.wait_for("=drop, by user 0")
                self.ctl(here, "reload")
                engine.wait_for("is at work")
                here.generate("--count", "1000", "--rate", "20000")
                self.until(lambda h=here: self.ask(h, "stats")["actions"]["drop"] >= 1000,
                           what="dropping")
                self.ctl(here, "stop")
                self.assertEqual(engine.end(), 0)
                report = engine.report()
                self.assertEqual(report["actions"]["drop"], 1000)
                self.assertIsNone(report["error"])

    def test_without_a_model(self):
        for datapath in DATAPATHS:
            with self.subTest(datapath=datapath):
                here = self.lab("--two-ports")
                engine = here.engine("--iface", "eng0", "--bridge", "eng1", *datapath)
                self.ctl(here, "set-action", "unclassified=drop")
                self.assertEqual(here.ping(2, interval=0.1, wait=0.2), 0)
                self.ctl(here, "set-action", "unclassified=forward")
                self.assertEqual(here.ping(2), 2)
                engine.stop()

    def test_flows_and_hosts(self):
        """Of workers' tables, and of those inside the kernel, which are CPUs'."""
        for datapath, holder in (("afxdp", "queue"), ("kernel", "cpu")):
            with self.subTest(datapath=datapath):
                here = self.lab("--two-ports", "--queues", "2")
                engine = here.engine("--iface", "eng0", "--bridge", "eng1", "--queues", "2",
                                     "--datapath", datapath)
                here.generate("--count", "6000", "--flows", "60", "--rate", "20000")
                self.until(lambda: self.ask(here, "stats")["packets"] >= 6000)
                self.check_flows_and_hosts(here, holder)
                engine.stop()

    def check_flows_and_hosts(self, here, holder):
        flows = self.ask(here, "flows", "--limit", "256")
        report = self.ask(here, "stats")
        self.assertEqual(flows["total"], report["flows"])
        self.assertEqual(sum(flow["packets"] for flow in flows["flows"]), report["packets"])
        few = self.ask(here, "flows", "--limit", "7")
        self.assertEqual(few["flows"], sorted(few["flows"], key=lambda flow: -flow["packets"]))
        self.assertEqual(len(few["flows"]), 7)
        hosts = self.ask(here, "hosts", "--limit", "256")
        self.assertEqual(sum(host["flows"] for host in hosts["hosts"]), flows["total"])
        self.assertIn("src_ip", self.ctl(here, "flows").stdout)
        self.assertLess(max(flow[holder] for flow in flows["flows"]), os.cpu_count())
        self.assertLess(max(flow["idle_ms"] for flow in flows["flows"]), 60_000)

    def test_why(self):
        """What the engine says of a flow's next packet is what afxdp-model says of its row."""
        for name in ("nn.q8", "dt.q8"):
            here = self.lab("--two-ports", "--queues", "2")
            engine = here.engine("--iface", "eng0", "--bridge", "eng1", "--queues", "2", model=name)
            ping = here.start("gen", "ping", "-n", "-q", "-i", "0.05", "10.77.0.2", stdout=subprocess.DEVNULL)
            self.addCleanup(ping.kill)
            self.until(lambda: self.ask(here, "flows")["flows"])
            flow = "icmp/10.77.0.2-10.77.0.1"
            first, second = (self.ask(here, "explain", flow) for _ in range(2))
            self.assertEqual((first["flow"], first["action"]), (flow, "count"))
            self.assertGreater(second["packet"], first["packet"])
            done = here.run("eng", MODEL, "explain", name, "--json", "--row",
                            ",".join(str(value) for value in first["row"].values()))
            wanted = json.loads(done.stdout)
            self.assertEqual({member: first[member] for member in wanted}, wanted)
            text = self.ctl(here, "explain", flow).stdout
            self.assertIn("comparisons" if name == "dt.q8" else "lead_lost", text)
            ping.kill()
            ping.wait()
            self.assertIn("didn't come within 3 s", self.ctl(here, "explain", flow, check=False).stderr)
            self.assertIn("another flow", self.ctl(here, "explain", "udp/1.1.1.1:1-1.1.1.2:2", check=False).stderr)
            engine.stop()

    def test_what_it_refuses(self):
        here = self.lab()
        self.assertIn("no engine runs", self.ctl(here, "version", check=False).stderr)
        engine = here.engine("--iface", "eng0")
        for words, status, text in (
                (("set-action", "nothing=drop"), 1, "no class 'nothing'"),
                (("set-action", "other=drop"), 1, "doesn't come to the workers"),
                (("set-action",), 2, "needs CLASS=ACTION"),
                (("stats", "now"), 2, "takes no argument"),
                (("explain",), 2, "needs a FLOW"),
                (("explain", "tcp/10.0.0.1:1-10.0.0.2:2"), 1, "there is no model"),
                (("dance",), 1, "there are stats"),
                ((), 2, "no command"),
                (("version", "-i", "lo"), 1, "no engine runs on it"),
                (("version", "-i", "none0"), 1, "no such interface")):
            done = self.ctl(here, *words, check=False)
            self.assertEqual(done.returncode, status, done.stderr)
            self.assertIn(text, done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1)
        engine.stop()
        kernel = here.engine("--iface", "eng0", "--datapath", "kernel")
        self.assertIn("not to be had", self.ctl(here, "explain", "tcp/10.0.0.1:1-10.0.0.2:2",
                                                check=False).stderr)
        kernel.stop()

    def test_the_socket_is_the_owners_and_goes_with_the_engine(self):
        here = self.lab()
        engine = here.engine("--iface", "eng0")
        path = engine.control_socket()
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        engine.kill()
        self.assertTrue(os.path.exists(path), "a killed engine can't remove it")
        self.assertIn("no engine runs", self.ctl(here, "version", check=False).stderr)
        engine = here.engine("--iface", "eng0")
        self.ctl(here, "version")
        engine.stop()
        self.assertFalse(os.path.exists(path))

    def test_clients_hold_up_no_packet(self):
        """A hundred connections, garbage, halves of requests, and answers that nobody reads."""
        here = self.lab("--two-ports")
        engine = here.engine("--iface", "eng0", "--bridge", "eng1")
        path = engine.control_socket()
        clients = []
        for number in range(100):
            client = socket.socket(socket.AF_UNIX)
            self.addCleanup(client.close)
            client.settimeout(5)
            client.connect(path)
            clients.append(client)
            try:
                client.sendall((os.urandom(3000), b'{"command":', b'{"command":"stats"}\n' * 50)
                               [number % 3])
            except OSError:
                pass # hung up on already
        self.assertEqual(here.generate("--count", "20000", "--rate", "20000")["sent"], 20000)
        self.assertEqual(here.ping(3), 3)
        for client in clients:
            client.close()
        self.until(lambda: self.ctl(here, "version", check=False).returncode == 0, 10)
        report = engine.stop()
        self.assertGreaterEqual(report["packets"], 20000)


class Signals(lab.Test):
    def test_a_report_on_the_way(self):
        here = self.lab()
        engine = here.engine("--iface", "eng0", "--stats-interval", "1")
        here.generate("--count", "1000", "--rate", "20000")
        engine.signal(signal.SIGUSR1)
        engine.wait_for('"packets": 1000')
        engine.wait_for("s: 1000 packets, ", 5)
        time.sleep(1.1)
        self.assertRegex(engine.stderr(), re.compile(r"s: 1000 packets, 0 a second", re.M))
        self.assertEqual(engine.stop()["packets"], 1000)


if __name__ == "__main__":
    lab.main()
