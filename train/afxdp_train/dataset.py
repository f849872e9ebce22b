# SPDX-License-Identifier: BSD-2-Clause
"""What the models are trained on: the lab set, our recordings, and worlds mixed from both."""

from dataclasses import dataclass

import numpy as np

from . import augment, captured

BENIGN, PORTSCAN, BRUTEFORCE, FLOOD, AMPLIFICATION = range(len(captured.CLASSES))
# A SYN with options, as every client sends it: the first packet of a connect scan or of a guessed
# password is the same as anyone's. Below 48 bytes are the SYNs that raw scanners and floods build.
CLIENT_SYN = 48
# What is known of a host at its first few flows: none of these is above its number.
QUIET = {captured.HOST_FEATURES.index(name): most for name, most in {
    "initiator_failed": 3, "initiator_peers": 4, "initiator_ports": 4, "pair_flows": 4,
    "responder_failed": 8}.items()}


@dataclass
class Recipe:
    """Every choice about the training rows; the run folder keeps it. Tuples go by class."""

    plays: int = 1  # how often each piece plays in a world
    redrawn: float = 0.5  # share of flows whose ports are redrawn
    # Of these the share whose service port is too. Guessed passwords stay on their ports: without
    # them they are any short connection.
    service_share: tuple = (0.3, 0.2, 0.0, 0.8, 0.1)
    lab_weight: tuple = (12.0, 6.0, 12.0, 6.0, 6.0)
    recorded_weight: tuple = (2.0, 1.0, 1.0, 1.0, 1.0)  # of recordings and worlds
    # More of what verdicts that are acted on depend on: times these, of the lab set and benign
    # packets, and of first packets of attacks. A single tree would lose guessed passwords by it.
    careful_weight: float = 2.0
    first_weight: float = 4.0
    # Of a client's SYN that an attack begins with, while its host has done nothing else to be
    # known by (see QUIET).
    ambiguous_weight: float = 0.0
    syn_weight: float = 4.0  # of the benign clients' own, which every port must be open to
    dense: int = 16  # all packets of a flow up to this one, then every fourth with weight 2
    seed: int = 0


@dataclass
class Training:
    x: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    plain_weight: np.ndarray = None  # for a single tree; None: the same


def client_syns(rows):
    """First packets as every TCP client sends them: see CLIENT_SYN."""
    return (rows.nth == 1) & (rows.x[:, 2] == 6) & (rows.x[:, 3] >= CLIENT_SYN)


def weigh(rows, by_class, recipe):
    """The weight of each row; 0: left out."""
    w = np.asarray(by_class)[rows.y] * np.where(rows.nth > recipe.dense, 2.0, 1.0)
    syns = client_syns(rows)
    known = {column: most for column, most in QUIET.items() if column < rows.x.shape[1]}
    quiet = np.all([rows.x[:, column] <= most for column, most in known.items()] or [[True]], axis=0)
    w[syns & quiet & np.isin(rows.y, (PORTSCAN, BRUTEFORCE))] *= recipe.ambiguous_weight
    w[syns & (rows.y == BENIGN)] *= recipe.syn_weight
    w[(rows.nth > recipe.dense) & (rows.nth % 4 != 0)] = 0
    return w


def care(rows, whole, recipe):
    """Times the weight of each row: see Recipe. whole: all rows are wanted more."""
    benign = rows.y == BENIGN
    return (np.where(benign | whole, recipe.careful_weight, 1.0)
            * np.where(~benign & (rows.nth == 1), recipe.first_weight, 1.0))


def prepare(parts, recipe):
    """Training rows of {name: Rows}: "lab", the lab set's training part, and others."""
    rng, found = np.random.default_rng(recipe.seed), []
    for name, rows in parts.items():
        w = weigh(rows, recipe.lab_weight if name == "lab" else recipe.recorded_weight, recipe)
        rows, w = rows.take(w > 0), w[w > 0]
        x = rows.x.copy()
        some = rng.random(int(rows.flow.max(initial=-1)) + 1) < recipe.redrawn
        chosen = some[rows.flow]
        x[chosen] = augment.redraw_ports(rows.take(chosen), rng, recipe.service_share)
        found.append((x, rows.y, w * care(rows, name == "lab", recipe), w))
    return Training(*(np.concatenate(column) for column in zip(*found)))
