#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Debian's Prometheus scrapes an engine as docs/grafana/prometheus.yml says: no complaint of promtool's, the report's
numbers, and an answer to every query of the dashboard and of the alerts."""

import json
import os
import re
import shutil
import subprocess
import sys
import time

import lab

GRAFANA = os.path.join(lab.ROOT, "docs", "grafana")
PORT = 9464


class Prometheus(lab.Test):
    def start_prometheus(self, here, data):
        process = here.start("eng", "prometheus", f"--config.file={GRAFANA}/prometheus.yml",
                             f"--storage.tsdb.path={self.path(data)}",
                             "--web.listen-address=127.0.0.1:9090",
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)

    def ask(self, here, query):
        done = here.run("eng", "curl", "-sS", "--retry", "20", "--retry-connrefused", "--retry-delay", "1",
                        "http://127.0.0.1:9090/api/v1/query", "--data-urlencode", "query=" + query)
        answer = json.loads(done.stdout)
        self.assertEqual(answer["status"], "success", (query, answer))
        return answer["data"]["result"]

    def value(self, here, query):
        return sum(float(sample["value"][1]) for sample in self.ask(here, query))

    def test_prometheus_takes_them(self):
        for datapath in ("afxdp", "kernel"):
            with self.subTest(datapath=datapath):
                here = self.lab("--two-ports")
                engine = here.engine("--iface", "eng0", "--bridge", "eng1", "--metrics", str(PORT),
                                     "--datapath", datapath, "--eve", "/dev/null",
                                     model=os.path.join(lab.ROOT, "models", "dt.q8"))
                self.start_prometheus(here, datapath)
                self.until(lambda: self.value(here, "sum(afxdp_packets_total) * 0 + 1") == 1, 20, "a first scrape")
                here.generate("--pcap", lab.MIXED, "--rate", "5000")
                time.sleep(2.5)
                self.assertEqual(self.value(here, f'up{{instance="127.0.0.1:{PORT}"}}'), 1)
                if datapath == "afxdp": # whose queries find something, all of them
                    self.check_queries(here)
                got = {name: self.value(here, f'afxdp_class_packets_total{{class="{name}"}}')
                       for name in ("benign", "flood", "portscan", "bruteforce", "amplification")}
                text = here.run("eng", "curl", "-sS", f"http://127.0.0.1:{PORT}/metrics").stdout
                checked = subprocess.run(["promtool", "check", "metrics"], input=text, text=True,
                                         capture_output=True, check=False)
                self.assertEqual((checked.returncode, checked.stdout, checked.stderr), (0, "", ""))
                self.check_open(here, text)
                report = engine.stop()
                self.assertEqual(got, report["classes"])
                self.assertGreater(report["packets"], 7000)
                self.assertEqual(report["metrics"]["unanswered"] + report["metrics"]["late"], 0)

    def check_open(self, here, plain):
        """Prometheus asks for OpenMetrics, and took a counter's family by the name it has there."""
        kind = here.run("eng", "curl", "-sS",
                        "http://127.0.0.1:9090/api/v1/targets/metadata?metric=afxdp_packets").stdout
        self.assertEqual(json.loads(kind)["data"][0]["type"], "counter", kind)
        text = here.run("eng", "curl", "-sS", "-H", "Accept: application/openmetrics-text",
                        f"http://127.0.0.1:{PORT}/metrics").stdout
        self.assertTrue(text.endswith("\n# EOF\n"))
        names = lambda text: {line.split("{")[0].split(" ")[0] for line in text.splitlines()
                              if not line.startswith("#")}
        self.assertEqual(names(text), names(plain))

    def check_queries(self, here):
        with open(os.path.join(GRAFANA, "dashboard.json"), encoding="utf-8") as file:
            dashboard = json.load(file)
        queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
        self.assertGreater(len(queries), 15)
        for query in queries:
            query = query.replace("$instance", f"127.0.0.1:{PORT}").replace("$__rate_interval", "1m")
            self.assertNotIn("$", query)
            self.assertTrue(self.ask(here, query), query)
        with open(os.path.join(GRAFANA, "alerts.yml"), encoding="utf-8") as file:
            names = set(re.findall(r"\bafxdp_\w+", file.read()))
        self.assertEqual(len(names), 6)
        for name in names:
            self.assertTrue(self.ask(here, name), name)


if __name__ == "__main__":
    if not shutil.which("prometheus") or not shutil.which("promtool"):
        print("there is no prometheus: deps/install.sh check")
        sys.exit(77)
    lab.main()
