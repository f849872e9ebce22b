#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""usage: matrix.py [--quick] [--kernel K]... [--driver D] [--folder DIR] [--write docs/kernels.md]

Boots Debian's kernels in virtual machines and runs the project's own tests there: the XDP programs,
the kernel datapath and AF_XDP on veth, and on the drivers that QEMU emulates. Prints a table, and
with --write puts each row into the page as it is seen; rows that weren't tried this time stay.
Fetches what it needs into DIR (build/vm) and fails where that can't be had. Needs root. Exit
status: 0 when every cell is as expected."""

import argparse
import datetime
import os
import platform
import re
import signal
import subprocess
import sys
import time

import machine

KERNELS = ("5.10", "6.1", "6.12", "7.3")
BUILD = os.environ.get("AFXDP_BUILD", os.path.join(machine.ROOT, "build"))
PYTHON = "/usr/bin/python3"

CELLS = f"{PYTHON} test/vm/cells_test.py"
WAYS = ("copy", "skb", *(f"kernel {form}" for form in ("none", "tree", "forest", "single", "loops",
                                                       "tailcall")))

# Columns of the first table: name, seconds, command. That of cells makes a column of each way.
VETH = (
    ("programs", 200, f"{BUILD}/test/verifier_test && {BUILD}/test/redirect_test && "
                      f"{BUILD}/test/attach_test"),
    ("parity", 420, f"AFXDP_DATA=/nothing {BUILD}/test/parity_test"),
    ("cells", 280, CELLS),
    ("bypass", 100, f"{PYTHON} test/xsk/bridge_test.py Sessions.test_bypass"),
)
QUICK_VETH = ("programs", "cells")

# Rows of the second: driver, mode, queues, kernels.
DRIVERS = (
    ("igb", "zerocopy", 2, ("7.3",)),
    ("virtio_net", "zerocopy", 2, ("7.3",)),
    ("igb", "copy", 2, ("6.12",)),
    ("virtio_net", "copy", 2, ("6.1",)),
    ("virtio_net_default", "auto", 1, ("7.3",)),
    ("vmxnet3", "auto", 1, ("7.3",)),
    ("e1000e", "auto", 1, ("7.3",)),
)
WIRE, LIFE = f"{PYTHON} test/vm/nic_wire_test.py ", f"{PYTHON} test/vm/nic_life_test.py "
ON_NIC = (
    ("single", 200, WIRE + "Wire.test_single"),
    ("bridge", 200, WIRE + "Wire.test_bridge"),
    ("jumbo", 100, WIRE + "Wire.test_jumbo"),
    ("TCP", 280, WIRE + "Wire.test_sessions"),
    ("bypass", 100, WIRE + "Wire.test_bypass"),
    ("chunk", 100, WIRE + "Wire.test_chunk"),
    ("verdicts", 150, WIRE + "Parity.test_verdicts"),
    ("settings", 200, LIFE + "Life.test_settings_single Life.test_settings_bridge"),
    ("carrier", 280, LIFE + "Life.test_link_is_set Life.test_carrier"),
    ("kills", 200, LIFE + "Life.test_kills Life.test_kills_inline"),
    ("cells", 280, CELLS),
    ("unplug", 100, LIFE + "Life.test_unplug"),
)
COPY = ("single", "bridge", "jumbo", "TCP", "cells")
ZEROCOPY = tuple(name for name, _, _ in ON_NIC if name != "cells")
QUICK_NIC = ("single", "bridge", "TCP")
BEGIN, END = "<!-- matrix.py -->\n", "<!-- end -->"
LIMITS = ("limits", 100, f"{PYTHON} test/vm/nic_limits_test.py")


def fetch(folder, kernels):
    done = subprocess.run([os.path.join(machine.HERE, "fetch.sh"), folder, *kernels], check=False)
    if done.returncode:
        sys.exit("matrix.py: what the virtual machines need can't be fetched")


def cell(result):
    """"yes", what the test itself says, "skipped: why" or "NO"."""
    if result is None:
        return "NO (not reached)"
    status, log = result
    if status == 0:
        said = re.findall(r"^cell: (.*)$", log, re.M)
        return said[-1] if said else "yes"
    reasons = re.findall(r"^skipped: (.*)$", log, re.M)
    if status == 77 and reasons:
        return "skipped: " + reasons[0]
    return f"NO ({status})"


def ways(result):
    """The columns of cells_test: of each way, whether it works on a port and inline."""
    log = result[1] if result else ""
    found = {}
    for way in WAYS:
        name = way.split()[-1]
        said = {inline: re.search(rf"\bcell {name}, {inline}: yes", log, re.M)
                for inline in ("single", "bridge")}
        if f"cell {name}, " in log or not result or result[0] != 0:
            found[way] = "yes" if all(said.values()) else "NO (" + ", ".join(
                inline for inline, yes in said.items() if not yes) + ")"
    return found


def cells_of(results):
    found = {name: cell(result) for name, result in results.items() if name != "cells"}
    if "cells" in results:
        found.update(ways(results["cells"]))
    return found


def is_bad(text):
    return text.startswith("NO")


def run_veth(folder, kernel, quick):
    jobs = [job for job in VETH if not quick or job[0] in QUICK_VETH]
    guest = machine.Host(folder) if kernel == "host" else machine.Machine(folder, kernel)
    results = guest.run(jobs, {"AFXDP_BUILD": BUILD, "AFXDP_VM_QUICK": int(quick)}, 900)
    return f"{kernel} ({guest.release()})", cells_of(results)


def run_driver(folder, kernel, driver, mode, queues, quick):
    wanted = QUICK_NIC if quick else ZEROCOPY if mode == "zerocopy" else COPY
    jobs = [LIMITS] if mode == "auto" else [job for job in ON_NIC if job[0] in wanted]
    variables = {"AFXDP_BUILD": BUILD, "AFXDP_VM_MODE": mode, "AFXDP_VM_QUEUES": queues,
                 "AFXDP_VM_QUICK": int(quick or mode == "copy")}
    return cells_of(machine.Machine(folder, kernel, driver, queues).run(jobs, variables, 900))


def table(title, columns, rows):
    lines = ["| " + " | ".join((title, *columns)) + " |", "|---" * (len(columns) + 1) + "|"]
    lines += ["| " + " | ".join((name, *(cells.get(column, "–") for column in columns))) + " |"
              for name, cells in rows.items()]
    return "\n".join(lines)


def rows_of(text, title, columns):
    """The rows of a table in the page; none where its columns are others."""
    rows, inside = {}, False
    for line in text.splitlines():
        names = [each.strip() for each in line.strip("|").split("|")]
        if names[0] == title:
            inside = names[1:] == list(columns)
        elif not line.startswith("|"):
            inside = False
        elif inside and line.startswith("| "):
            rows[names[0]] = dict(zip(columns, names[1:]))
    return rows


def order(name):
    kernels, drivers = (*KERNELS, "host"), [each[:3] for each in DRIVERS]
    words = name.replace(",", "").split()
    if words[0] in kernels:
        return kernels.index(words[0])
    return drivers.index((words[0], words[1], int(words[2])))


def write(path, veth, drivers):
    """Puts the rows into the tables between the page's marks."""
    with open(path, encoding="utf-8") as file:
        page = file.read()
    head, rest = page.split(BEGIN)
    text = (f"Built on a host with Linux {platform.release().split('-')[0]}.\n\n"
            + tables(page, veth, drivers))
    with open(path, "w", encoding="utf-8") as file:
        file.write(head + BEGIN + text + "\n" + END + rest.split(END)[1])


def tables(page, veth, drivers):
    """Both, with the rows that the page has and that weren't tried this time."""
    text = []
    for title, columns, rows in (
            ("kernel, on veth", ("seen", *(name for name, _, _ in VETH if name != "cells"), *WAYS),
             veth),
            ("driver", ("seen", *(name for name, _, _ in ON_NIC if name != "cells"), LIMITS[0],
                        *WAYS), drivers)):
        kept = {name: cells for name, cells in rows_of(page, title, columns).items()
                if name.split(" (")[0] not in {each.split(" (")[0] for each in rows}}
        rows = {**kept, **rows}
        text.append(table(title, columns, {name: rows[name] for name in sorted(rows, key=order)}))
    return "\n\n".join(text)


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n", maxsplit=1)[0][7:])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--kernel", action="append", choices=(*KERNELS, "host"))
    parser.add_argument("--driver", choices=tuple(machine.DEVICES))
    parser.add_argument("--folder", default=os.path.join(BUILD, "vm"))
    parser.add_argument("--write")
    options = parser.parse_args()
    kernels = options.kernel or (("6.1", "7.3") if options.quick else (*KERNELS, "host"))
    if os.geteuid() != 0:
        sys.exit("matrix.py: needs root, to read the host's files from the guest")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    folder, begun = os.path.abspath(options.folder), time.monotonic()
    fetch(folder, [kernel for kernel in kernels if kernel != "host"])
    veth, drivers = {}, {}
    seen = f"{datetime.date.today()}{', quick' * options.quick}"

    def add(rows, name, cells):
        rows[name] = {**cells, "seen": seen}
        print(f"{time.monotonic() - begun:.0f} s", name, cells, flush=True)
        if options.write:
            write(options.write, veth, drivers)

    for kernel in kernels if not options.driver else ():
        add(veth, *run_veth(folder, kernel, options.quick))
    for driver, mode, queues, on in DRIVERS:
        for kernel in on:
            if kernel not in kernels or options.driver not in (None, driver):
                continue
            if options.quick and mode != "zerocopy":
                continue
            add(drivers, f"{driver}, {mode}, {queues} queue{'s' * (queues > 1)}, {kernel}",
                run_driver(folder, kernel, driver, mode, queues, options.quick))
    print(tables("", veth, drivers))
    sys.exit(any(is_bad(text) for cells in (*veth.values(), *drivers.values())
                 for text in cells.values()))


if __name__ == "__main__":
    main()
