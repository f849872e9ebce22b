#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The `verdict` events that the rows of --verdicts make, derived from nothing else.

usage: verdict_events.py VERDICTS.CSV FIRST_CLASS [TIMEOUT]   one JSON object a line

A flow is its two ends and protocol, in either direction, until it was silent for TIMEOUT seconds;
it begins in the first class, and each packet of another class than the one before is an event. For
runs in which no flow is evicted."""

import csv
import json
import sys
import time

SECOND = 10**9


def ends_of(row):
    return (row["src_ip"], row["src_port"]), (row["dest_ip"], row["dest_port"])


def timestamp(ns):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ns // SECOND)) + \
        f".{ns % SECOND // 1000:06}+0000"


def event_of(row, flow, now):
    (source, sport), (destination, dport) = flow["ends"]
    event = {"timestamp": timestamp(now), "src_ip": source, "dest_ip": destination,
             "proto": row["proto"]}
    if sport:
        event.update(src_port=int(sport), dest_port=int(dport))
    event.update({"class": row["class"], "previous": flow["class"],
                  "confidence": int(row["confidence"]), "action": row["action"],
                  "packets": flow["packets"]})
    return event


def events_of(rows, first, timeout=120):
    flows = {}
    for row in rows:
        if not row["confidence"]:
            continue
        seconds, fraction = row["time"].split(".")
        now = int(seconds) * SECOND + int(fraction)
        ends = ends_of(row)
        key = (frozenset(ends), row["proto"])
        flow = flows.get(key)
        if not flow or now - flow["last"] > timeout * SECOND:
            flow = flows[key] = {"ends": ends, "class": first, "packets": 0, "last": now}
        flow["packets"] += 1
        flow["last"] = max(flow["last"], now)
        if row["class"] != flow["class"]:
            yield event_of(row, flow, now)
        flow["class"] = row["class"]


def main():
    if not 3 <= len(sys.argv) <= 4:
        sys.exit(__doc__)
    with open(sys.argv[1], newline="", encoding="utf-8") as file:
        for event in events_of(csv.DictReader(file), sys.argv[2], *map(int, sys.argv[3:])):
            print(json.dumps(event))


if __name__ == "__main__":
    main()
