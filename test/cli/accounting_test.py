#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every packet of every capture at hand is accounted for: the engine's sums hold and agree with the
number of packets that capinfos counts."""

import glob
import os
import shutil
import subprocess
import sys

import programs


def capinfos(paths):
    """path → packets. -T -M -r: one line a file, exact numbers, no header."""
    done = subprocess.run(["capinfos", "-c", "-T", "-M", "-r", *paths], capture_output=True,
                          text=True, check=False)
    rows = (line.split("\t") for line in done.stdout.splitlines())
    return {row[0]: int(row[1]) for row in rows if len(row) == 2}


def main():
    if not shutil.which("capinfos"):
        print("skipped: capinfos (package tshark) is not installed")
        return 77
    shared = sorted(glob.glob(os.path.join(programs.SHARED, "*", "*.pcap*"))
                    + glob.glob(os.path.join(programs.SHARED, "*", "*.cap")))
    paths = [programs.MIXED] + shared
    counted = capinfos(paths)
    total = wrong = 0
    for path in paths:
        done = programs.engine("--pcap", path, "--json")
        result = programs.report(done)  # asserts the sums
        total += result["packets"]
        if done.returncode or result["packets"] != counted.get(path):
            print(f"{path}: {result['packets']} packets, capinfos says {counted.get(path)}; "
                  f"status {done.returncode} {done.stderr.decode()}")
            wrong += 1
    print(f"{len(paths)} captures, {total} packets, {wrong} captures wrong")
    if not wrong and not shared:
        print(f"skipped: only the shipped capture was there, none below {programs.SHARED}")
        return 77
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
