# SPDX-License-Identifier: BSD-2-Clause
"""What the models are trained on: the lab set and our recordings, with the shortcuts removed."""

import os
import zlib
from dataclasses import dataclass

import numpy as np

import augment
import data

BENIGN, PORTSCAN, BRUTEFORCE, FLOOD, AMPLIFICATION = range(len(data.CLASSES))
# A SYN with options, as every client sends it: the first packet of a connect scan or of a guessed
# password is the same as anyone's. Below 48 bytes are the SYNs that raw scanners and floods build.
CLIENT_SYN = 48


@dataclass
class Recipe:
    """Every choice about the training rows; the run folder keeps it. Tuples go by class."""

    stretches: int = 2  # time-stretched copies of each capture
    copies: int = 2  # the rows themselves, and copies with redrawn ports
    # Share of flows whose service port is redrawn too, in the copies. Guessed passwords stay on
    # their ports: without them they are any short connection.
    service_share: tuple = (0.3, 0.2, 0.0, 0.8, 0.1)
    lab_weight: tuple = (3.0, 3.0, 6.0, 3.0, 3.0)
    recorded_weight: tuple = (2.0, 0.5, 0.3, 1.0, 1.0)  # of our recordings
    variant_weight: float = 0.3  # of stretched and one-way copies
    ambiguous_weight: float = 0.0  # of attack rows that look like a benign client's
    syn_weight: float = 4.0  # of the benign clients' own, which every port must be open to
    dense: int = 16  # all packets of a flow up to this one, then every fourth with weight 2
    seed: int = 0


@dataclass
class Training:
    x: np.ndarray
    y: np.ndarray
    weight: np.ndarray


def per_capture(rows):
    for number in np.unique(rows.capture):
        yield rows.take(rows.capture == number)


def variants(rows, recipe, progress=lambda items: items):
    """Copies of each capture: slower or faster by up to 10 times, begun later, and, of what is
    benign, one way only. A capture's copies are the same whatever else is trained on."""
    jobs = []
    for part in per_capture(rows):
        name = os.path.basename(part.names[part.capture[0]])
        rng = np.random.default_rng([recipe.seed, zlib.crc32(name.encode())])
        several = (part.nth > 1).mean() > 0.05  # times mean nothing where flows are one packet
        for _ in range(recipe.stretches if several else 0):
            jobs.append((part, float(np.round(10 ** rng.uniform(-1, 1), 3))))
        if several:
            jobs.append((augment.late(part, rng), 1.0))
        benign = part.take(part.y == BENIGN)
        jobs += [(benign.take(benign.x[:, 5] == side), 1.0) for side in (1, 0)]
    jobs = [job for job in jobs if len(job[0])]
    return [augment.transformed(*job) for job in progress(jobs)]


def client_syns(rows):
    """First packets as every TCP client sends them: see CLIENT_SYN."""
    return (rows.nth == 1) & (rows.x[:, 2] == 6) & (rows.x[:, 3] >= CLIENT_SYN)


def prepare(lab, recorded, recipe, progress=lambda items: items):
    """Training rows of the lab set's training part and of recordings (Rows or None)."""
    rng = np.random.default_rng(recipe.seed)
    parts = []
    for rows, by_class in ((lab, recipe.lab_weight), (recorded, recipe.recorded_weight)):
        if rows is None or not len(rows):
            continue
        every = data.join([rows] + variants(rows, recipe, progress))
        w = np.asarray(by_class)[every.y] * np.where(every.nth > recipe.dense, 2.0, 1.0)
        w[len(rows):] *= recipe.variant_weight
        syns = client_syns(every)
        w[syns & np.isin(every.y, (PORTSCAN, BRUTEFORCE))] *= recipe.ambiguous_weight
        w[syns & (every.y == BENIGN)] *= recipe.syn_weight
        kept = ((every.nth <= recipe.dense) | (every.nth % 4 == 0)) & (w > 0)
        every, w = every.take(kept), w[kept]
        for copy in range(recipe.copies):
            x = augment.redraw_ports(every, rng, recipe.service_share) if copy else every.x
            parts.append((x, every.y, w))
    return Training(*(np.concatenate(column) for column in zip(*parts)))
