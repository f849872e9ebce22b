# SPDX-License-Identifier: BSD-2-Clause
"""Training rows whose ports are no shortcut.

A flow's ports are only two of its integers, and what is counted of a host's ports is how many they
are: so ports can be redrawn on the rows, exactly.
"""

import numpy as np

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
