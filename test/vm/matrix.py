#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""usage: matrix.py [--quick] [--kernel K]... [--folder DIR] [--write docs/kernels.md]

Boots Debian's kernels in virtual machines and runs the project's own tests there: the XDP programs,
the kernel datapath and AF_XDP on veth, and on the drivers that QEMU emulates. Prints a table, and
with --write puts it into the page. Fetches what it needs into DIR (build/vm) and fails where that
can't be had. Needs root; everything within 40 minutes, --quick within 8. Exit status: 0 when every
cell is as expected."""

import argparse
import datetime
import os
import platform
import re
import subprocess
import sys
import time

import machine

KERNELS = ("5.10", "6.1", "6.12", "7.3")
BUILD = os.environ.get("AFXDP_BUILD", os.path.join(machine.ROOT, "build"))
LAB = "/usr/bin/python3 test/xsk/"
NIC = "/usr/bin/python3 test/vm/nic_test.py "

# Columns of the first table: name, seconds, command.
VETH = (
    ("programs", 200, f"{BUILD}/test/verifier_test && {BUILD}/test/redirect_test"),
    ("attach", 60, f"{BUILD}/test/attach_test"),
    ("parity", 420, f"AFXDP_DATA=/nothing {BUILD}/test/parity_test"),
    ("copy, bridge", 300, LAB + "bridge_test.py Bytes.test_identical Sessions.test_bypass "
                                "Sessions.test_sessions_and_an_attack"),
    ("skb, bridge", 60, LAB + "bridge_test.py Sessions.test_generic_mode"),
    ("kernel, single", 120, "/usr/bin/python3 test/kernel/datapath_test.py "
                            "SinglePort.test_kill SinglePort.test_generic_mode"),
    ("kernel, bridge", 240, "/usr/bin/python3 test/kernel/datapath_test.py TwoPorts"),
)
QUICK_VETH = ("programs", "copy, bridge", "kernel, bridge")

# Rows of the second: driver, mode, queues, from which kernel on.
DRIVERS = (
    ("igb", "zerocopy", 2, "7.3"),
    ("igb", "copy", 2, "6.1"),
    ("virtio_net", "zerocopy", 1, "7.3"),
    ("virtio_net", "copy", 1, "6.1"),
)
ON_NIC = (
    ("single", 200, "Wire.test_single"),
    ("bridge", 200, "Wire.test_bridge"),
    ("TCP", 300, "Wire.test_sessions"),
    ("--bypass", 100, "Wire.test_bypass"),
    ("chunk", 100, "Wire.test_chunk"),
    ("verdicts", 120, "Parity.test_verdicts"),
    ("settings", 150, "Life.test_settings"),
    ("link", 150, "Life.test_link_goes_and_comes"),
    ("kills", 150, "Life.test_kills"),
    ("unplug", 100, "Life.test_unplug"),
)


def fetch(folder, kernels):
    done = subprocess.run([os.path.join(machine.HERE, "fetch.sh"), folder, *kernels], check=False)
    if done.returncode:
        sys.exit("matrix.py: what the virtual machines need can't be fetched")


def cell(result):
    """"yes", "skipped: why" or "NO"."""
    if result is None:
        return "NO (not reached)"
    status, log = result
    if status == 0:
        return "yes"
    reasons = re.findall(r"^skipped: (.*)$", log, re.M)
    if status == 77 and reasons:
        return "skipped: " + reasons[0]
    return f"NO ({status})"


def is_bad(text):
    return text.startswith("NO")


def run_veth(folder, kernel, quick):
    jobs = [(name.replace(", ", "-"), seconds, command) for name, seconds, command in VETH
            if not quick or name in QUICK_VETH]
    guest = machine.Machine(folder, kernel)
    results = guest.run(jobs, {"AFXDP_BUILD": BUILD}, 900)
    return guest, {name: cell(results.get(name.replace(", ", "-"))) for name, _, _ in VETH
                   if name.replace(", ", "-") in results}


def run_driver(folder, kernel, driver, mode, queues, quick):
    variables = (f"AFXDP_VM_MODE={mode} AFXDP_VM_QUEUES={queues} "
                 f"AFXDP_VM_QUICK={int(quick or mode == 'copy')} ")
    jobs = [(name, seconds, variables + NIC + test) for name, seconds, test in ON_NIC]
    guest = machine.Machine(folder, kernel, driver)
    results = guest.run(jobs, {"AFXDP_BUILD": BUILD}, 600)
    return {name: cell(results[name]) for name, _, _ in jobs}


def table(title, columns, rows):
    lines = ["| " + " | ".join((title, *columns)) + " |", "|---" * (len(columns) + 1) + "|"]
    lines += ["| " + " | ".join((name, *(cells.get(column, "–") for column in columns))) + " |"
              for name, cells in rows]
    return "\n".join(lines)


def write(path, text):
    """Puts the tables between the page's marks."""
    with open(path, encoding="utf-8") as file:
        page = file.read()
    begin, end = "<!-- matrix.py -->\n", "<!-- end -->"
    head, rest = page.split(begin)
    with open(path, "w", encoding="utf-8") as file:
        file.write(head + begin + text + "\n" + end + rest.split(end)[1])


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n", maxsplit=1)[0][7:])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--kernel", action="append", choices=KERNELS)
    parser.add_argument("--folder", default=os.path.join(BUILD, "vm"))
    parser.add_argument("--write")
    options = parser.parse_args()
    kernels = options.kernel or (("6.1", "7.3") if options.quick else KERNELS)
    if os.geteuid() != 0:
        sys.exit("matrix.py: needs root, to read the host's files from the guest")
    folder, begun = os.path.abspath(options.folder), time.monotonic()
    fetch(folder, kernels)
    veth, drivers = [], []
    for kernel in kernels:
        guest, cells = run_veth(folder, kernel, options.quick)
        veth.append((f"{kernel} ({guest.release()})", cells))
        print(kernel, cells, flush=True)
    for driver, mode, queues, least in DRIVERS:
        for kernel in kernels:
            if KERNELS.index(kernel) < KERNELS.index(least) or (
                    mode == "copy" and (options.quick or kernel == "7.3")):
                continue
            cells = run_driver(folder, kernel, driver, mode, queues, options.quick)
            drivers.append((f"{driver}, {mode}, {queues} queue{'s' * (queues > 1)}, {kernel}",
                            cells))
            print(driver, mode, kernel, cells, flush=True)
    text = (f"Seen on {datetime.date.today()}, built and run on a host with Linux "
            f"{platform.release().split('-')[0]}"
            + (", by `--quick`: 3,000 frames, 2 MB over TCP, 3 kills, 5 times down and up"
               if options.quick else "") + ".\n\n"
            + table("kernel, on veth", [name for name, _, _ in VETH], veth) + "\n\n"
            + table("driver", [name for name, _, _ in ON_NIC], drivers))
    print(text)
    print(f"{time.monotonic() - begun:.0f} s")
    if options.write:
        write(options.write, text)
    sys.exit(any(is_bad(text) for _, cells in veth + drivers for text in cells.values()))


if __name__ == "__main__":
    main()
