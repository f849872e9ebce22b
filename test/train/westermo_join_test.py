#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Training joins Westermo's labels to the packets that its data page counts, and to no others."""

import collections
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "train"))

from afxdp_train import captured

FOLDER = os.path.join(os.path.dirname(ROOT), "shared", "data", "westermo")
WANT = {"portscan": 15342 + 2, "bruteforce": 6184, "benign": 858 + 111, "BAD-MISCONF": 76,
        "BAD-MISCONF-DUPLICATION": 70, "BAD-MITM": 12, None: 22896 - 22655}


def main():
    if not os.path.isdir(FOLDER):
        print(f"skipped: no captures below {FOLDER}")
        return 77
    label_of = captured.westermo_labels(os.path.join(FOLDER, "right.flows.csv"))
    found = collections.Counter(label_of(time, macs, packet) for _, time, macs, packet, _, _
                                in captured.walk(os.path.join(FOLDER, "right.pcap")))
    print(f"joined {dict(found)}, the page says {WANT}")
    return 0 if found == WANT else 1


if __name__ == "__main__":
    sys.exit(main())
