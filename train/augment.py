# SPDX-License-Identifier: BSD-2-Clause
"""Copies of training rows in which a shortcut of the lab set no longer holds.

Ports are only two of the twelve integers, so a flow's ports can be redrawn on its rows, exactly.
One-way, later begun and time-stretched copies change the flow's statistics: the capture is
rewritten and goes through the extractor again.
"""

import hashlib
import os
import struct

import numpy as np

import data
import public

# Services that benign hosts, scans and floods meet; a redrawn service port is one of these or any.
SERVICES = np.array([20, 21, 22, 23, 25, 53, 67, 80, 110, 111, 123, 135, 139, 143, 161, 389, 443,
                     445, 465, 500, 514, 554, 587, 631, 636, 853, 993, 995, 1194, 1433, 1521, 1723,
                     1883, 1900, 2049, 2222, 3128, 3306, 3389, 3478, 4443, 5000, 5060, 5222, 5353,
                     5432, 5672, 5900, 6379, 6443, 8000, 8008, 8080, 8081, 8443, 8883, 8888, 9000,
                     9090, 9200, 11211, 25565, 27017, 30120, 51820])
EPHEMERAL = np.array([[32768, 60999], [49152, 65535], [1024, 65535], [1024, 4999]])
EPHEMERAL_SHARES = (0.4, 0.35, 0.15, 0.1)


def ephemeral(rng, count):
    """Client ports as Linux, IANA, anything above 1023 and older systems choose them."""
    low, high = EPHEMERAL[rng.choice(len(EPHEMERAL), count, p=EPHEMERAL_SHARES)].T
    return rng.integers(low, high + 1)


def services(rng, count, known=0.7):
    return np.where(rng.random(count) < known, rng.choice(SERVICES, count),
                    rng.integers(1, 65536, count))


def redraw_ports(rows, rng, service_share):
    """New client ports for every flow, new service ports for `service_share[class]` of flows.

    A flow's client port is the larger of two different ports, above 1023 and no known service.
    Returns the integers; nothing but the ports changes.
    """
    x = rows.x.copy()
    flows, first = np.unique(rows.flow, return_index=True)
    ports = x[first, :2].copy()
    client = np.argmax(ports, axis=1)
    every = np.arange(len(flows))
    free = (ports[every, client] > 1023) & (ports[:, 0] != ports[:, 1])
    free &= ~np.isin(ports[every, client], SERVICES)
    ports[every[free], client[free]] = ephemeral(rng, int(free.sum()))
    moved = free & (rng.random(len(flows)) < np.asarray(service_share)[rows.y[first]])
    ports[every[moved], 1 - client[moved]] = services(rng, int(moved.sum()))
    x[:, :2] = ports[np.searchsorted(flows, rows.flow)]
    return x


def rewrite(path, output, keep, stretch=1.0):
    """Writes a pcap of the packets whose index is in `keep`, their times stretched from the first.

    The capture must have one link type.
    """
    start, link = None, None
    with open(output, "wb") as file:
        for index, (time, kind, frame, wire) in enumerate(data.captures.read(path)):
            if link is None:
                link, start = kind, time
                file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, link))
            if index not in keep:
                continue
            if kind != link:
                raise ValueError(f"{path} has more than one link type")
            time = start + int((time - start) * stretch)
            file.write(struct.pack("<IIII", time // 10**9, time % 10**9, len(frame), wire) + frame)


def late(rows, rng):
    """The rows as if the capture had begun within each flow: its last packets, at least one."""
    last = np.zeros(int(rows.flow.max(initial=-1)) + 1, np.int64)
    np.maximum.at(last, rows.flow, rows.nth)
    missed = np.where(last > 1, rng.integers(1, np.maximum(last, 2)), 0)
    return rows.take(rows.nth > missed[rows.flow])


def transformed(rows, stretch=1.0):
    """Rows of one capture, extracted again from a rewritten capture that holds only them.

    Labels stay with the packets.
    """
    assert (rows.capture == rows.capture[0]).all()
    path = rows.names[rows.capture[0]]
    what = hashlib.sha256(rows.index.tobytes())
    what.update(f"{public.sha256(path)} {stretch}".encode())
    output = os.path.join(data.cache_folder(), f"{what.hexdigest()}.{os.getpid()}.pcap")
    if not data.is_cached(what.hexdigest()):
        rewrite(path, output, set(rows.index.tolist()), stretch)
    new = data.read(output, None, what.hexdigest())
    if os.path.exists(output):
        os.remove(output)
    new.y, new.part, new.names = rows.y, rows.part, [path]
    return new
