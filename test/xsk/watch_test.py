#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The library's callbacks on an interface: every packet in one burst, every flow in one event, and
threads that hold no right while they call out; events from Python, out of the kernel too."""

import glob
import json
import os
import pathlib
import re
import time

import lab

WATCH = os.path.join(lab.BUILD, "test", "watch")
PYTHON = """
import json, sys
sys.path.insert(0, {root!r} + "/python")
import afxdp
with afxdp.Engine(iface="eng0", bridge="eng1", datapath="kernel", model="none", packets=1000,
                  duration=20, events=True, message=lambda line: print(line, file=sys.stderr, flush=True)) as engine:
    for event in engine.events():
        print(json.dumps(event))
"""


class Watch(lab.Test):
    def wait_for(self, path, text, process):
        end = time.monotonic() + 30
        while text not in pathlib.Path(path).read_text(encoding="utf-8"):
            self.assertIsNone(process.poll(), pathlib.Path(path).read_text(encoding="utf-8"))
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)

    def begin(self, here, *words, **options):
        """Its process, and where its events and its messages go."""
        paths = self.path("events"), self.path("said")
        with open(paths[0], "w") as out, open(paths[1], "w") as said:
            process = here.start("eng", *words, stdout=out, stderr=said, **options)
        self.addCleanup(process.kill)
        self.wait_for(paths[1], "running", process)
        return process, *map(pathlib.Path, paths)

    def check_events(self, path, packets):
        events = [json.loads(line) for line in path.read_text().splitlines()]
        flows = [event["flow"] for event in events if event["event_type"] == "flow"]
        self.assertEqual(sum(flow["pkts_toserver"] + flow["pkts_toclient"] for flow in flows), packets)
        self.assertEqual([event["engine"]["message"] for event in events
                          if event["event_type"] == "engine"], ["started", "stopped"])
        return len(events)

    def test_every_packet_and_every_flow(self):
        here = self.lab("--two-ports", "--queues", "2")
        process, events, said = self.begin(here, WATCH, "iface=eng0", "bridge=eng1", "model=none",
                                           "queues=2", "flows=65536", "packets=2000", "duration=20",
                                           "watchdog=2000")
        held, filtered = [], {}
        for path in glob.glob(f"/proc/{process.pid}/task/*/status"):
            status = dict(re.findall(r"^(\w+):\s*(.*)$", pathlib.Path(path).read_text(), re.M))
            if int(status["CapEff"], 16):
                held.append(int(status["Pid"]))
            filtered[status["Name"]] = status["Seccomp"]
        self.assertEqual(held, [process.pid])
        self.assertEqual({filtered["worker 0"], filtered["worker 1"]}, {"0"})
        here.generate("--count", "2000", "--flows", "50", "--rate", "20000")
        self.assertEqual(process.wait(30), 0)
        written = self.check_events(events, 2000)
        self.assertIn(f"events {written}, classified 2000, unsure 0, other 0, malformed 0",
                      said.read_text())
        self.assertIsNone(here.attached())

    def test_no_bursts_come_out_of_the_kernel(self):
        here = self.lab()
        done = here.run("eng", WATCH, "iface=eng0", "datapath=kernel", "model=none", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no callback for bursts", done.stderr)
        self.assertIsNone(here.attached())

    def test_events_come_to_python(self):
        here = self.lab("--two-ports")
        library = os.path.join(lab.BUILD, "engine/library/libafxdp-engine.so.0")
        process, events, _ = self.begin(here, "/usr/bin/python3", "-c", PYTHON.format(root=lab.ROOT),
                                        env={**os.environ, "AFXDP_LIBRARY": library})
        here.generate("--count", "1000", "--flows", "50", "--rate", "20000")
        self.assertEqual(process.wait(30), 0)
        self.check_events(events, 1000)


if __name__ == "__main__":
    lab.main()
