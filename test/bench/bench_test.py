#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every subcommand of afxdp-bench runs, and its rows have the fields that others build on.

usage: bench_test.py SUBCOMMAND...   each is tried with few rounds; figures aren't judged"""

import csv
import io
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("AFXDP_BUILD", ROOT / "build"))
NUMBER = (int, float)

FIELDS = { # of every row: name -> types
    "classify": {"what": str, "variant": str, "batch": int, "ns": NUMBER,
                 "floor_ns": (*NUMBER, type(None))},
    "pipeline": {"what": str, "variant": str, "flows": (int, str), "ns": NUMBER},
    "stages": {"what": str, "variant": str, "step": str, "flows": (int, str), "ns": NUMBER},
    "hosts": {"what": str, "variant": str, "workers": int, "ns": NUMBER},
    "capture": {"what": str, "variant": str, "packets": int, "flows": int, "ns": NUMBER,
                "own_ns": NUMBER, "start_ms": NUMBER},
    "alternatives": {"what": str, "runtime": str, "batch": int, "ns": NUMBER,
                     "times_ours": NUMBER},
    "detection": {"what": str, "feature_set": int, "class": str, "packets": int, "precision": NUMBER,
                  "recall": NUMBER, "f1": NUMBER, "accuracy": NUMBER, "macro_f1": NUMBER,
                  "false_positives": NUMBER},
    "kernel": {"what": str, "variant": str, "flows": (int, str), "ns": NUMBER},
    "bypass": {"what": str, "variant": str, "packet": str, "ns": NUMBER},
    "acts": {"what": str, "variant": str, "packet": str, "ns": NUMBER},
    "shunts": {"table": str, "what": str, "pps": int, "first_over_this": NUMBER},
    "tunnels": {"what": str, "variant": str, "packet": str, "ns": NUMBER},
    "wire": {"table": str, "what": str, "pps": int},
    "kernel-wire": {"what": str, "pps": int, "of_tree": NUMBER},
    "lossless": {"table": str, "what": str, "lossless_pps": int, "pps": int, "offered_pps": int,
                 "taking_user": int, "taking_system": int, "taking_softirq": int,
                 "memory_mib": (*NUMBER, type(None))},
    "latency": {"what": str, "share": int, "pps": int, "packets": int, "median_ns": int,
                "p99_ns": int, "p999_ns": int, "max_ns": int},
    "watched": {"what": str, "pps": int, "first_over_this": NUMBER, "busy_ns": NUMBER},
}
IN_A_LAB = ("acts", "kernel", "bypass", "shunts", "tunnels", "wire", "kernel-wire", "watched",
            "lossless", "latency")
STEPS = ("receive", "parse", "hash", "find", "update", "classify", "policy", "give away")
# A packet's own time is a difference of two runs: so many packets that it is above the noise of
# starting them, and the median of three rounds, for a stall of the machine counts as its own time.
CAPTURED = 200_000
ROUNDS = {"capture": "3"}
OPTIONS = {"capture": ["--packets", str(CAPTURED)],
           "stages": ["--model", str(ROOT / "models/nn1.q8")],
           "lossless": ["--seconds", "0.02", "--tables", "system", "--tolerance", "1"],
           "latency": ["--seconds", "0.05"],
           "kernel-wire": ["--packets", "50000"],
           "watched": ["--packets", "1000000"],
           "shunts": ["--packets", "100000"],
           "wire": ["--packets", "100000", "--model", str(ROOT / "models/nn1.q8")]}


def bench(*arguments):
    """As a shell's script starts it in the background: SIGINT is ignored."""
    return subprocess.run([BUILD / "bin/afxdp-bench", *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True,
                          preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))


def check(condition, message):
    if not condition:
        sys.exit(f"bench_test.py: {message}")


def rows_of(subcommand):
    rounds = [] if subcommand == "detection" else ["--rounds", ROUNDS.get(subcommand, "1")]
    done = bench(subcommand, *rounds, "--json", *OPTIONS.get(subcommand, []))
    check(done.returncode == 0, f"{subcommand} ended with {done.returncode}: {done.stderr}")
    rows = json.loads(done.stdout)["rows"]
    check(rows, f"{subcommand} has no rows")
    for row in rows:
        for name, types in FIELDS[subcommand].items():
            check(name in row, f"{subcommand}: no {name} in {row}")
            check(isinstance(row[name], types), f"{subcommand}: {name} in {row}")
        if subcommand not in ("capture", "stages"):  # a step may do nothing; a difference of two runs may be negative
            check(row.get("ns", 1) > 0, f"{subcommand}: {row} took no time")
    return rows


def check_rows(subcommand, rows):
    if subcommand == "classify":
        check({row["batch"] for row in rows} == {1, 8, 64, 256}, "classify: batches are missing")
        whats = {row["what"] for row in rows}
        check({"nn 12-32-32-5", "nn 12-16-16-2", "dt depth 10", "nn 28-32-32-5", "dt of 28 depth 10"}
              <= whats, f"classify: only {whats}")
        check(all(row["floor_ns"] for row in rows if row["what"].startswith("dt")),
              "classify: a tree without a floor")
    if subcommand == "pipeline":
        loads = {(row["what"], row["flows"]) for row in rows}
        wanted = {(what, flows) for what in ("none", "nn", "dt", "nn of 28")
                  for flows in (1, 1000, 100000, 1000000, "new")}
        check(loads == wanted, f"pipeline: {loads ^ wanted} missing or too many")
    if subcommand == "stages":
        ns = {(row["what"], row["flows"], row["step"]): row["ns"] for row in rows}
        for what, flows in {(row["what"], row["flows"]) for row in rows}:
            of_all = [ns[what, flows, step] for step in STEPS]
            check(abs(sum(of_all) - ns[what, flows, "all"]) < 0.01, f"stages: {what}, {flows}: {of_all} isn't all")
            check(all(ns[what, flows, step] > 0 for step in ("parse", "hash", "update")),
                  f"stages: {what}, {flows}: a step took no time")
            check(what == "none" or ns[what, flows, "classify"] > ns["none", flows, "classify"],
                  f"stages: {what}, {flows}: classified in {ns[what, flows, 'classify']} ns")
        check(len(ns) == len(rows) == 2 * 5 * (len(STEPS) + 1), f"stages: {len(rows)} rows")
    if subcommand == "hosts":
        done = bench("hosts", "--cpu", "1")
        check(done.returncode == 2 and "not an option of this subcommand" in done.stderr,
              f"hosts took an option that it ignores: {done.stderr}")
    if subcommand == "kernel":
        many = {(row["what"], row["flows"]) for row in rows if row["flows"] in (131072, 1048576)}
        check(len(many) == 6, f"kernel: with many flows only {many}")
    if subcommand == "lossless":
        for row in rows:
            check(row["lossless_pps"] <= row["offered_pps"] and row["pps"] <= row["offered_pps"],
                  f"lossless: more taken than sent: {row}")
        memory = {row["what"]: row["memory_mib"] for row in rows}
        check(memory["AF_XDP, network"] > memory["raw socket, network"] > 1, f"lossless: {memory}")
        check(sum(row["pps"] > 0 for row in rows) == len(rows), f"lossless: nothing taken: {rows}")
    if subcommand == "latency":
        check(len(rows) == 6, f"latency: {len(rows)} rows")
        for row in rows:
            check(0 < row["median_ns"] <= row["p99_ns"] <= row["p999_ns"] <= row["max_ns"] * 1.02,
                  f"latency: {row}")
            check(row["packets"] > 0, f"latency: none came: {row}")
    if subcommand == "bypass":
        ns = {(row["what"], row["variant"], row["packet"]): row["ns"] for row in rows}
        check(len(ns) == len(rows) == 2 * 3 * 3, f"bypass: {len(rows)} rows")
    if subcommand == "detection":
        check(len(rows) == 5 * 5, f"detection: {len(rows)} rows")
        check({row["class"]: row["packets"] for row in rows} ==
              {"benign": 3431, "portscan": 1008, "bruteforce": 1442, "flood": 994,
               "amplification": 463}, "detection: other packets than test/captures/README.md has")
        check(all(row["f1"] > 0.5 for row in rows if row["feature_set"] == 2),
              f"detection: a shipped model finds little: {rows}")
    if subcommand == "capture":
        check([row["packets"] for row in rows] == [CAPTURED] * 6, "capture: packets were lost")
        check(all(row["own_ns"] > 0 for row in rows), "capture: no time of its own")


def check_csv(subcommand, rows):
    done = bench(subcommand, "--rounds", "1", "--csv", *OPTIONS.get(subcommand, []))
    check(done.returncode == 0, f"{subcommand} --csv ended with {done.returncode}")
    lines = list(csv.DictReader(io.StringIO(done.stdout)))
    check(len(lines) == len(rows), f"{subcommand} --csv: {len(lines)} of {len(rows)} rows")
    size = "batch" if subcommand == "classify" else "flows"
    check([line[size] for line in lines] == [str(row[size]) for row in rows],
          f"{subcommand} --csv: other rows than in JSON")
    check([line.get("step") for line in lines] == [row.get("step") for row in rows],
          f"{subcommand} --csv: other steps than in JSON")


def check_aims():
    """An aim whose interval holds the bound isn't simply met."""
    sys.path.insert(0, str(ROOT / "bench"))
    import report_tables
    for low, high, says in ((0.975, 0.99, "yes"), (0.93, 0.99, "yes, but"), (0.9, 0.96, "no")):
        row = {"what": "it", "first_over_this": high - 0.001, "first_over_this_low": low,
               "first_over_this_high": high}
        line, = report_tables.aims({"wire": ({"rows": [row]}, None)})
        check(line[-1] == says or says == "yes, but" and line[-1].startswith(says),
              f"report: {low} to {high} of at least {report_tables.WIRE_LEAST} is met: {line[-1]}")
    row = {"what": "engine, model, exact arrival times", "first_over_this": 1.02,
           "first_over_this_low": 1.01, "first_over_this_high": 1.04}
    line, = report_tables.aims({"wire": ({"rows": [row]}, None)})
    check(line[2:] == ["0.98", "yes, but 0.962–0.990 holds both"], f"report: the other way round: {line}")
    kernel = [{"what": what, "flows": 1048576, "ns": ns} for what, ns in
              (("dt depth 10", 400.0), ("nn 12-32-32-5", 610.0), ("nn 12-32-32-5", 900.0))]
    line, = report_tables.aims({"kernel": ({"rows": kernel}, None)})
    check(line[1:] == ["at most 1.50", "1.52", "no"], f"report: times the tree: {line}")


def check_report():
    check_aims()
    with tempfile.TemporaryDirectory() as folder:
        page = pathlib.Path(folder) / "performance.md"
        page.write_text("an older one")
        done = bench("report", "--parts", "classify", "--rounds", "1", "-o", page)
        check(done.returncode == 0, f"report ended with {done.returncode}: {done.stderr}")
        text = page.read_text()
        page = pathlib.Path(folder) / "page.html"
        done = bench("report", "--quick", "--parts", "stages", "-o", page)
        if "python3-matplotlib" not in done.stderr:
            check(done.returncode == 0, f"report of a page ended with {done.returncode}: {done.stderr}")
            check("1 of 1: stages" in done.stderr, "report: no line of progress")
            check(page.read_text().count("<svg") == 2, "report: a page without its plots")
            raw = json.loads(page.with_suffix(".json").read_text())["parts"]["stages"]["rows"]
            lines = list(csv.DictReader(page.with_suffix(".csv").open()))
            check([line["step"] for line in lines] == [row["step"] for row in raw] != [],
                  "report: other rows in CSV than in JSON")
    check("| nn 12-32-32-5, scalar |" in text, "report: no row of classify")
    check("## In short" not in text, "report: aims on a user's page")
    done = bench("report", "--aims", "--parts", "classify", "-o", "/nonexistent/page.html")
    check(done.returncode == 2 and done.stderr.strip(), "report: a page with aims")
    done = bench("report", "--parts", "nonsense", "-o", "/nonexistent/report.md")
    check(done.returncode == 2 and "nonsense" in done.stderr, "report takes any part")
    done = bench("report", "--parts", "classify", "-o", "/nonexistent/report.md")
    check(done.returncode == 2 and "cannot write /nonexistent" in done.stderr,
          "report measures first and finds out later that it can't write")


def main():
    for subcommand in sys.argv[1:]:
        if subcommand == "report":
            check_report()
            continue
        if subcommand in IN_A_LAB and subprocess.run([ROOT / "test/lab.sh", "check"]).returncode:
            sys.exit(77)
        rows = rows_of(subcommand)
        check_rows(subcommand, rows)
        if subcommand in ("classify", "stages"):
            check_csv(subcommand, rows)
        if subcommand == "classify":
            for wrong in (["--rounds", "0"], ["--cpu", "-1"], ["rest"]):
                check(bench(subcommand, *wrong).returncode == 2, f"{subcommand} takes {wrong}")
        print(f"{subcommand}: {len(rows)} rows")


if __name__ == "__main__":
    main()
