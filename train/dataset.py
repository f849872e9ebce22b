# SPDX-License-Identifier: BSD-2-Clause
"""What the models are trained on: the lab set and our recordings, with the shortcuts removed."""

import numpy as np

import augment
import data

BENIGN, PORTSCAN, BRUTEFORCE, FLOOD, AMPLIFICATION = range(len(data.CLASSES))
# How many of a class's flows get another service port in a redrawn copy.
SERVICE_SHARE = (0.3, 0.2, 0.5, 0.8, 0.1)
# A SYN with options, as every client sends it: the first packet of a connect scan or of a guessed
# password is the same as anyone's. Below 48 bytes are the SYNs that raw scanners and floods build.
CLIENT_SYN = 48


def per_capture(rows):
    for number in np.unique(rows.capture):
        yield rows.take(rows.capture == number)


def variants(rows, rng, stretches=2, progress=lambda items: items):
    """Time-stretched copies of all, one-way copies of benign: between 1/10 and 10 times slower."""
    found = []
    for part in progress(list(per_capture(rows))):
        several = (part.nth > 1).mean() > 0.05  # times mean nothing where flows are one packet
        for _ in range(stretches if several else 0):
            stretch = float(np.round(10 ** rng.uniform(-1, 1), 3))
            found.append(augment.transformed(part, None, stretch))
        benign = part.take(part.y == BENIGN)
        if len(benign):
            found += [augment.transformed(benign, side) for side in (1, 0)]
    return [f for f in found if len(f)]


def with_redrawn_ports(rows, rng, copies):
    """x and y and the rows' own place, of the rows themselves and of copies with other ports."""
    x = [rows.x] + [augment.redraw_ports(rows, rng, SERVICE_SHARE) for _ in range(copies - 1)]
    return np.concatenate(x), np.tile(rows.y, copies), np.tile(np.arange(len(rows)), copies)


def ambiguous(x, y, nth):
    """Attack rows that no feature tells from a benign client's: see CLIENT_SYN."""
    return ((nth == 1) & np.isin(y, (PORTSCAN, BRUTEFORCE)) & (x[:, 2] == 6)
            & (x[:, 3] >= CLIENT_SYN))
