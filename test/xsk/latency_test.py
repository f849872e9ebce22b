#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""One packet alone comes through at once: it never waits for a burst to fill."""

import socket
import statistics
import time

import lab

PACKETS = 300


def socket_on(interface):
    made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    made.bind((interface, 3))
    made.settimeout(2)
    return made


class Latency(lab.Test):
    def measure(self, title, *options):
        here = self.lab("--two-ports")
        engine = here.engine("--iface", "eng0", "--bridge", "eng1", *options,
                             model=self.model("attack"))
        out = lab.inside(here.namespace("gen"), lambda: socket_on("gen0"))
        back = lab.inside(here.namespace("sink"), lambda: socket_on("sink0"))
        self.addCleanup(out.close)
        self.addCleanup(back.close)
        times = []
        for i in range(PACKETS):
            frame = (bytes.fromhex("0200000000020200000000010800" "4500002e00000000401100000a0000010a000002"
                                   "03e8003500180000") + i.to_bytes(8, "big") + bytes(18))
            time.sleep(0.003)  # long enough for the worker to fall asleep
            start = time.perf_counter_ns()
            out.send(frame)
            while back.recv(2048) != frame:
                pass
            times.append((time.perf_counter_ns() - start) / 1000)
        times.sort()
        median, late = statistics.median(times), times[len(times) * 99 // 100]
        print(f"{title}: one packet through the bridge in {median:.0f} µs at the median, "
              f"{late:.0f} µs at 99 %", flush=True)
        report = engine.stop()
        self.assertEqual(report["endings"]["forwarded"], PACKETS)
        self.assertLess(median, 1000)

    def test_sleeping(self):
        self.measure("sleeps when idle", "--spin", "0")

    def test_default(self):
        self.measure("default")


if __name__ == "__main__":
    lab.main()
