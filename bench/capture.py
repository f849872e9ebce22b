#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""afxdp-engine as a whole on a capture of a million packets: what a packet costs beyond start-up.

The capture is one of test/captures repeated from other addresses (repeat_capture.py), just written
and so in the page cache. A run over its first packets alone is what starting and ending cost; the
difference, over the difference of packets, is a packet's price: reading, the pipeline, the flow
table's memory and the report. Runs of all models take turns; medians of the wall clock's and of
the process's own time, which other programs on a busy machine don't lengthen."""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("AFXDP_BUILD", ROOT / "build"))
SHORT = 1000


def timed(model, capture, cpu):
    """(wall ns, the process's own ns, its report) of a run."""
    start = time.monotonic_ns()
    process = subprocess.Popen(
        [BUILD / "bin/afxdp-engine", "--pcap", capture, "--model", model, "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=(lambda: os.sched_setaffinity(0, {cpu})) if cpu is not None else None)
    out, complaint = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic_ns() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"capture.py: afxdp-engine --model {model}: {complaint.decode().strip()}")
    return wall, (usage.ru_utime + usage.ru_stime) * 1e9, json.loads(out)


def measure(models, captures, rounds, cpu):
    samples = {what: [] for what, _ in models}
    for number in range(rounds + 1):
        for what, model in models:
            long, short = (timed(model, capture, cpu) for capture in captures)
            if number > 0: # the first round warms up
                samples[what].append((long, short))
    for what, runs in samples.items():
        report, first = runs[0][0][2], runs[0][1][2]
        more = report["packets"] - first["packets"]
        wall = [(long[0] - short[0]) / more for long, short in runs]
        own = [(long[1] - short[1]) / more for long, short in runs]
        yield {"what": what, "variant": (report["model"] or {}).get("variant", "-"),
               "packets": report["packets"], "flows": report["flows"],
               "ns": round(statistics.median(wall), 2), "ns_min": round(min(wall), 2),
               "ns_max": round(max(wall), 2), "own_ns": round(statistics.median(own), 2),
               "start_ms": round(statistics.median(short[0] for _, short in runs) / 1e6, 2)}


def main():
    parser = argparse.ArgumentParser(prog="afxdp-bench capture", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--packets", type=int, default=1_000_000)
    parser.add_argument("--cpu", type=int, help="pin the engine to this core")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.packets <= SHORT or options.rounds < 1:
        parser.error(f"at least one round and more than {SHORT} packets are needed")

    models = [("none", "none"), *((what, ROOT / f"models/{name}.q8") for what, name in (
        ("dt", "dt1"), ("nn", "nn1"), ("dt of 28", "dt"), ("nn of 28", "nn"), ("bt of 28", "bt")))]
    with tempfile.TemporaryDirectory() as name:
        captures = [pathlib.Path(name) / "long.pcap", pathlib.Path(name) / "short.pcap"]
        for capture, packets in zip(captures, (options.packets, SHORT)):
            subprocess.run([ROOT / "bench/repeat_capture.py", ROOT / "test/captures/mixed.pcap",
                            str(packets), capture], check=True)
        rows = list(measure(models, captures, options.rounds, options.cpu))
    if options.json:
        print(json.dumps({"rows": rows}, indent=1))
        return
    print(f"{'model':8} {'variant':12} {'packets':>9} {'flows':>8} {'ns/packet':>9}  "
          f"{'min..max':18} {'own ns':>7} {'start ms':>8}")
    for row in rows:
        spread = f"{row['ns_min']}..{row['ns_max']}"
        print(f"{row['what']:8} {row['variant']:12} {row['packets']:9} {row['flows']:8} "
              f"{row['ns']:9.2f}  {spread:18} {row['own_ns']:7.2f} {row['start_ms']:8.2f}")


if __name__ == "__main__":
    main()
