#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The recorder, on one scenario or two of each class: labels, clean-up, interruption, determinism.

Needs root, network namespaces and the programs that afxdp_train.record.record names; skips without.
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RECORD = os.path.join(ROOT, "train", "record.py")
SCENARIOS = ("web_pages,web_login,ssh_commands,dns_lookups,ping,scan_syn,scan_connect,"
             "guess_ssh_loop,guess_web_curl,flood_syn,flood_udp,reflect_dns,reflect_syn")
BUSY = ("browsers_in_a_room,snmp_sweep,lookups_many,scan_network,guess_mqtt_many,flood_syn_many,"
        "reflect_six_many")
CLASSES = {"benign", "portscan", "bruteforce", "flood", "amplification"}


def leftovers(pid):
    """Namespaces and folders that a recorder with this pid left behind."""
    names = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True).stdout.split()
    return [name for name in names if name.startswith(f"afr{pid}-")]


def start(out, seed, *options, scenarios=SCENARIOS):
    argv = [sys.executable, RECORD, "--seed", str(seed), "--out", out, "--scenarios", scenarios]
    return subprocess.Popen([*argv, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True)


def test_records(out):
    process = start(out, 7, "--split")
    said, _ = process.communicate(timeout=100)
    print(said)
    assert process.returncode == 0, "record.py failed"
    assert not leftovers(process.pid), "namespaces are left"
    with open(os.path.join(out, "seed7.json")) as run:
        run = json.load(run)
    assert set(run["labels"]) == CLASSES, run["labels"]
    assert all(part["packets"] > 0 for part in run["labels"].values())
    empty = [entry["name"] for entry in run["scenarios"] if entry["packets"] == 0]
    assert not empty, f"scenarios without a packet: {empty}"
    parts = [name for name in os.listdir(out) if name.startswith("seed7.") and
             name.endswith(".pcap") and name != "seed7.pcap"]
    assert len(parts) == len(run["scenarios"]) + 1, parts  # and one for the network's upkeep
    return run


def test_two_at_once_repeat_their_choices(out, first):
    """Two labs live side by side, and the same seed makes the same choices."""
    pair = [start(os.path.join(out, name), 7) for name in ("a", "b")]
    for process in pair:
        said, _ = process.communicate(timeout=100)
        assert process.returncode == 0, said
    commands = {entry["name"]: [line for line, _ in entry["commands"]]
                for entry in first["scenarios"]}
    for name in ("a", "b"):
        with open(os.path.join(out, name, "seed7.json")) as run:
            again = {entry["name"]: [line for line, _ in entry["commands"]]
                     for entry in json.load(run)["scenarios"]}
        assert again == commands, "the same seed ran other commands"


def test_busy_hosts(out):
    """Scenarios whose programs run side by side repeat their choices too."""
    places = [os.path.join(out, name) for name in ("busy-a", "busy-b")]
    runs = []
    for process in [start(place, 9, "--scale", "busy", scenarios=BUSY) for place in places]:
        said, _ = process.communicate(timeout=100)
        assert process.returncode == 0, said
    for place in places:
        with open(os.path.join(place, "seed9.json")) as run:
            runs.append(json.load(run)["scenarios"])
    assert len(runs[0]) == 2 * len(BUSY.split(",")), "a scenario isn't of this scale"
    empty = [entry["name"] for entry in runs[0] if entry["packets"] == 0]
    assert not empty, f"scenarios without a packet: {empty}"
    first, again = ({entry["name"]: sorted(line for line, _ in entry["commands"])
                     for entry in run} for run in runs)
    different = [name for name in first if first[name] != again[name]]
    assert not different, f"the same seed ran other commands in {different}"


def test_interrupt(out, number):
    """A run that gets a signal ends soon and leaves nothing."""
    process = start(out, 8)
    deadline = time.monotonic() + 10
    while not leftovers(process.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(2)
    process.send_signal(number)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 1 and "interrupted" in said, said
    assert not leftovers(process.pid), "namespaces are left"


def main():
    check = subprocess.run([sys.executable, RECORD, "--check"], capture_output=True, text=True)
    if check.returncode == 77:
        print("skipped:", check.stderr.strip())
        return 77
    with tempfile.TemporaryDirectory() as out:
        first = test_records(out)
        test_two_at_once_repeat_their_choices(out, first)
        test_busy_hosts(out)
        for number in (signal.SIGINT, signal.SIGTERM):
            test_interrupt(out, number)
    return 0


if __name__ == "__main__":
    sys.exit(main())
