#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs every benchmark and writes what they measured: as a page with plots where the name ends in
.html, with the raw rows beside it as .json and .csv, else as a Markdown document.

Takes a quarter of an hour, with --quick less than five minutes. As root it has all parts; what can't be
measured here is left out, and the document says why. Parts: classify, pipeline, stages,
alternatives, capture, kernel, wire, lossless, latency, detection."""

import argparse
import json
import os
import pathlib
import shlex
import subprocess
import sys
import time

import report_readme
import report_tables

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("AFXDP_BUILD", ROOT / "build"))
BENCH = BUILD / "bin/afxdp-bench"
ROUNDS = {"kernel": 3, "wire": 51} # rates on the wire differ by a tenth from run to run
QUICK = {"classify": 7, "pipeline": 7, "stages": 5, "alternatives": 3, "capture": 3, "kernel": 1,
         "wire": 3, "lossless": 1, "latency": 1}
OWN = {"wire": ("--packets", "1000000", "--model", str(ROOT / "models/nn1.q8")),
       "lossless": ("--seconds", "0.5"), "latency": ("--seconds", "1"), # and no core of one's choice
       "detection": ()}
ONCE = ("detection",) # gives the same each time
QUICKLY = {"lossless": ("--quick", "--seconds", "0.2"), "latency": ("--seconds", "0.2")}
LIMIT = 1200 # seconds, of one part

PAGES = "/sys/kernel/mm/hugepages/hugepages-{}kB"


def cores():
    """The core to measure on: the last one, which interrupts seldom visit."""
    return max(os.sched_getaffinity(0))


def run(part, rounds, cpu, quick):
    """(rows, None), or (None, why there are none)."""
    command = [BENCH, part, "--json", *OWN.get(part, ("--cpu", cpu))]
    rounds = rounds or ROUNDS.get(part)
    if rounds and part not in ONCE:
        command += ["--rounds", rounds]
    if quick:
        command += QUICKLY.get(part, ())
    try:
        done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        return None, f"`afxdp-bench {part}` didn't end within {LIMIT} s"
    if done.returncode != 0:
        complaint = done.stderr.strip().splitlines() or ["no reason given"]
        return None, f"`afxdp-bench {part}` ended with {done.returncode}: {complaint[-1]}"
    try:
        return json.loads(done.stdout), None
    except ValueError as error:
        return None, f"`afxdp-bench {part}` printed something else than JSON: {error}"


def first_line(*command):
    try:
        out = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    except OSError:
        return ""
    return (out.stdout.splitlines() or [""])[0].strip() if out.returncode == 0 else ""


def processor():
    fields = {}
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        key, _, value = line.partition(":")
        fields.setdefault(key.strip(), value.strip())
    name = fields.get("model name") or os.uname().machine
    if "cpu family" in fields:
        name += f" (family {fields['cpu family']}, model {fields['model']})"
    return name + (", in a virtual machine" if "hypervisor" in fields.get("flags", "") else "")


def compiler():
    cache = (BUILD / "CMakeCache.txt").read_text()
    values = dict(line.split("=", 1) for line in cache.splitlines()
                  if "=" in line and not line.startswith(("#", "//")))
    program = next((value for key, value in values.items()
                    if key.startswith("CMAKE_C_COMPILER:")), "cc")
    kind = next((value for key, value in values.items()
                 if key.startswith("CMAKE_BUILD_TYPE:")), "")
    return f"{first_line(program, '--version')}, {kind}"


def machine(cpu, loads, rounds):
    package = first_line("dpkg-query", "-W", "-f", "${Version}", "dpdk")
    cells = [("processor", processor()), ("cores", str(os.cpu_count())),
             ("measured on", f"core {cpu}"), ("rounds", rounds),
             ("kernel", f"{os.uname().sysname} {os.uname().release}"), ("compiler", compiler()),
             ("engine", first_line(str(BENCH), "--version").split()[-1]),
             ("load average before each part",
              ", ".join(f"{part} {load:.1f}" for part, load in loads))]
    pages = [(size, int(pathlib.Path(PAGES.format(kib), "nr_hugepages").read_text()))
             for size, kib in (("2 MiB", 2048), ("1 GiB", 1048576))
             if pathlib.Path(PAGES.format(kib)).exists()]
    if pages:
        cells.append(("reserved pages", ", ".join(f"{count} of {size}" for size, count in pages)))
    if package:
        cells.append(("DPDK", package))
    return cells


def main():
    parser = argparse.ArgumentParser(prog="afxdp-bench report", description=__doc__)
    parser.add_argument("-o", "--output", help="the document; standard output without it")
    parser.add_argument("--parts", default=",".join(report_tables.PARTS),
                        help="some of the parts, separated by commas")
    parser.add_argument("--rounds", type=int, help="rounds of each part instead of its own number")
    parser.add_argument("--aims", action="store_true", help="begin with what the project aims for")
    parser.add_argument("--cpu", type=int, default=cores(), help="the core to measure on")
    parser.add_argument("--quick", action="store_true", help="few rounds: less than five minutes")
    parser.add_argument("--readme", type=pathlib.Path,
                        help="put the numbers into the table of this README, too")
    options = parser.parse_args()
    page = options.output and options.output.endswith(".html")
    if page:
        if options.aims:
            parser.error("--aims: only in a Markdown document")
        try:
            import report_page # pylint: disable=import-outside-toplevel
        except ImportError as problem:
            parser.error(f"a page needs python3-matplotlib: {problem}")
    parts = options.parts.split(",")
    unknown = [part for part in parts if part not in report_tables.PARTS]
    if unknown:
        parser.error(f"no part '{unknown[0]}'; there are {', '.join(report_tables.PARTS)}")
    try:
        output = open(options.output, "a") if options.output else None  # not emptied before it's due
    except OSError as problem:
        parser.error(f"cannot write {options.output}: {problem.strerror}")

    start, loads, found = time.monotonic(), [], {}
    for number, part in enumerate(parts, 1):
        loads.append((part, os.getloadavg()[0]))
        print(f"{time.monotonic() - start:4.0f} s  {number} of {len(parts)}: {part}",
              file=sys.stderr, flush=True)
        found[part] = run(part, options.rounds or (QUICK.get(part) if options.quick else None),
                          options.cpu, options.quick)
    arguments = "".join(f" {shlex.quote(each)}" for each in sys.argv[1:])
    rounds = (f"{options.rounds} of each part" if options.rounds
              else "few: " + ", ".join(f"{part} {QUICK[part]}" for part in parts
                                            if part in QUICK) if options.quick
              else "each part's own number")
    here = machine(options.cpu, loads, rounds)
    if page:
        text = report_page.document(found, here, f"afxdp-bench report{arguments}")
        beside = pathlib.Path(options.output)
        beside.with_suffix(".json").write_text(json.dumps(report_page.raw_data(found, here), indent=1))
        beside.with_suffix(".csv").write_text(report_page.rows_as_csv(found))
    else:
        text = report_tables.document(found, here, options.aims, arguments)
    if output:
        with output:
            if output.seekable():
                output.truncate(0)
            output.write(text)
    else:
        sys.stdout.write(text)
    if options.readme:
        try:
            options.readme.write_text(report_readme.replaced(options.readme.read_text(), found))
        except (OSError, ValueError) as problem:
            print(f"{options.readme} is left as it was: {problem}", file=sys.stderr)
            return 1
    missing = [part for part, (_, why) in found.items() if why]
    for part in missing:
        print(f"left out: {part}: {found[part][1]}", file=sys.stderr)
    return 1 if len(missing) == len(parts) else 0


if __name__ == "__main__":
    sys.exit(main())
