# SPDX-License-Identifier: BSD-2-Clause
"""The `host` events of --eve-hosts, from the oracle's features and what docs/operations.md says.

A host comes to a threshold with the first packet of a flow of its that shows the value there, and
falls back with the first packet behind a whole window without such a one."""

import ipaddress
import time as clock

from afxdp_train.oracle import captures, flows, packets
import hosts

WINDOW_BITS = 33
SECOND = 10**9
SHOWN = 65535


def timestamp(ns):
    return clock.strftime("%Y-%m-%dT%H:%M:%S", clock.gmtime(ns // SECOND)) + \
        f".{ns % SECOND // 1000:06}+0000"


def is_there(last, window):
    """A packet of the last window, or of one that somebody else's clock has reached already."""
    return window - 1 <= last <= window + 2


class Account:
    def __init__(self, thresholds):
        self.thresholds = thresholds
        self.there = {}  # (host, feature): [when it came, the last window in which it was there]

    def begin_window(self, window, time):
        for key, (since, last) in list(self.there.items()):
            if not is_there(last, window):
                del self.there[key]
                yield self.event(key, time, "ended", age=max(0, time - since) // SECOND)

    def packet(self, flow, values, window, time):
        for feature, value in values.items():
            if value < self.thresholds.get(feature, SHOWN + 1):
                continue
            end = flow.responder if feature.startswith("responder") else flow.initiator
            key = end[0], feature
            if key in self.there:
                self.there[key][1] = max(window, self.there[key][1])
            else:
                self.there[key] = [time, window]
                yield self.event(key, time, "begun", value=value)

    def event(self, key, time, change, **more):
        host, feature = key
        return {"timestamp": timestamp(time), "ip": str(ipaddress.ip_address(host)),
                "feature": feature, "threshold": self.thresholds[feature], "change": change, **more}


def events(path, thresholds, cells=2**16, rows=1, timeout=120):
    """Those of a capture, in order."""
    table, account, last = flows.Flows(timeout), Account(thresholds), None
    memory = hosts.Memory(table, cells, rows)
    for time, link, data, wire in captures.read(path):
        packet = packets.parse(link, data, wire)
        if isinstance(packet, str):
            continue
        table.features(packet, time)
        values = dict(zip(hosts.NAMES, memory.features(packet, time)))
        window = memory.now >> WINDOW_BITS
        if window != last:
            yield from account.begin_window(window, time)
        last = window
        yield from account.packet(table.flow, values, window, time)
