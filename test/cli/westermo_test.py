#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The labels of a public capture, by thousands of flow rows, join as its README says."""

import collections
import csv
import os
import sys
import tempfile

import programs

FOLDER = os.path.join(programs.SHARED, "westermo")
WANT = {"BAD-PORTSCAN2": 15342, "BAD-SSH": 6184, "Normal": 858, "BAD-MISCONF": 76,
        "BAD-MISCONF-DUPLICATION": 70, "GOOD-SSH": 111, "BAD-MITM": 12, "BAD-PORTSCAN1": 2}
NUMBERS = {"TCP": "6", "UDP": "17", "ICMP": "1", "IGMP": "2"}


def write_table(path):
    """The authors' flow table in our columns; the README's join leaves out rows whose cells name
    several MAC addresses."""
    with open(os.path.join(FOLDER, "right.flows.csv"), newline="", encoding="utf-8") as flows, \
            open(path, "w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["source_mac", "destination_mac", "protocol", "start", "end", "label"])
        count = 0
        for row in csv.DictReader(flows):
            version, _, protocol = row["protocol"].partition("-")
            if version != "IPV4":
                continue
            if "/" in row["sMACs"] + row["rMACs"]:
                continue
            writer.writerow([row["sMACs"], row["rMACs"], NUMBERS.get(protocol, protocol),
                             row["start"], row["end"], row["NST_M_Label"]])
            count += 1
    return count


def main():
    if not os.path.isdir(FOLDER):
        print(f"skipped: no captures below {FOLDER}")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        table = os.path.join(folder, "labels.csv")
        rows = write_table(table)
        done = programs.run("afxdp-features", os.path.join(FOLDER, "right.pcap"), "--labels", table,
                            "--unlabelled", "none")
    assert done.returncode == 0, done.stderr
    assert b"241 of 22896 packets have no row" in done.stderr, done.stderr
    found = collections.Counter(line.rpartition(",")[2]
                                for line in done.stdout.decode().splitlines()[1:])
    print(f"{rows} rows, {sum(found.values())} packets: {dict(found)}")
    wrong = {name: (found[name], want) for name, want in WANT.items() if found[name] != want}
    wrong.update({"none": found["none"]} if found["none"] != 22896 - sum(WANT.values()) else {})
    if wrong:
        print(f"wrong (found, README says): {wrong}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
