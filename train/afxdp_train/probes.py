# SPDX-License-Identifier: BSD-2-Clause
"""Questions whose answer must not depend on one testbed's ports: see issue 6's probes."""

import os

import numpy as np

from . import captured, dataset, evaluate, metrics, public

SERVICES = {21: "ftp", 22: "ssh", 23: "telnet", 25: "smtp", 53: "dns", 80: "http", 443: "https",
            1883: "mqtt", 3389: "rdp", 8080: "http-alt"}


def client_syns(rows):
    """First packets of benign TCP flows that carry options, as a client's SYN does."""
    return rows.take((rows.y == 0) & dataset.client_syns(rows))


def first_syn(predict, rows):
    """{service: (SYNs to it, share called an attack, the same for every client SYN moved to it)}"""
    syns, found = client_syns(rows), {}
    verdicts = predict(syns.x) != 0
    for port, name in SERVICES.items():
        there = syns.x[:, 1] == port
        moved = syns.x.copy()
        moved[:, 1] = port
        found[f"{port} {name}"] = (int(there.sum()),
                                   float(verdicts[there].mean()) if there.any() else None,
                                   float((predict(moved) != 0).mean()))
    return found


def first_contact(predict, rows, least=10):
    """Of benign SYNs whose hosts have asked nobody else these seconds: how many there are, the share
    called an attack, and that share for the service where it is most, of those with `least` SYNs."""
    syns = client_syns(rows)
    alone = [captured.HOST_FEATURES.index(name) for name in ("initiator_peers", "initiator_ports",
                                                         "pair_flows")]
    syns = syns.take((syns.x[:, alone] <= 1).all(axis=1))
    if not len(syns):
        return 0, None, None
    called = predict(syns.x) != 0
    shares = [float(called[at].mean()) for at in (syns.x[:, 1] == port for port in SERVICES)
              if at.sum() >= least]
    return len(syns), float(called.mean()), max(shares, default=None)


def moved_flood(predict, rows, seed=0):
    """Share of flood packets with ports called flood, and called any attack, each flow's service
    port redrawn from 1..65535."""
    flood = rows.take((rows.y == captured.CLASSES.index("flood")) & (rows.x[:, 1] > 0))
    if not len(flood):
        return None
    ports = np.random.default_rng(seed).integers(1, 65536, int(flood.flow.max()) + 1)
    x = flood.x.copy()
    x[:, 1] = ports[flood.flow]
    verdicts = predict(x)
    return (float((verdicts == captured.CLASSES.index("flood")).mean()), float((verdicts != 0).mean()),
            len(flood))


def corpus(folder):
    """The parser corpus as Rows that all count as benign; what has no IP is left out."""
    parts = []
    for path in sorted(p for p in public.hashes() if p.startswith("parser_corpus/")):
        rows = captured.read(os.path.join(folder, path), None, public.hashes()[path])
        if len(rows):
            rows.y[:] = 0
            parts.append(rows)
    return captured.join(parts)


def by_capture(predict, rows, most=10):
    """(false positives, packets, capture) of the captures with the most false positives."""
    wrong = predict(rows.x) != 0
    table = [(int(wrong[rows.capture == n].sum()), int((rows.capture == n).sum()),
              os.path.basename(path)) for n, path in enumerate(rows.names)]
    return sorted(table, reverse=True)[:most]


def false_positives(predict, rows):
    return metrics.false_positives(rows.y, predict(rows.x))


def ssh(rows, played):
    """The SSH sessions of recordings, logins (class 0) and guessed passwords (1), and the scenario
    of each row. played: the scenario's instance of each."""
    played = np.array([name.rpartition("-")[0] or name for name in played])
    guess = np.char.startswith(played, "guess_ssh")
    at = (guess & (rows.y != 0)) | (np.char.startswith(played, "ssh_") & (rows.y == 0))
    found = rows.take(at)
    found.y = guess[at].astype(np.int64)
    return found, played[at]


def ssh_recalls(rows, played, verdicts):
    """Share of packets judged right by scenario, and at the last packet of flows by side."""
    last = np.zeros(len(rows), bool)
    last[evaluate.last_of_flow(rows)] = True
    right = verdicts == rows.y
    cuts = {scenario: played == scenario for scenario in np.unique(played).tolist()}
    cuts.update({"logins": rows.y == 0, "guesses": rows.y == 1, "logins, last packet":
                 last & (rows.y == 0), "guesses, last packet": last & (rows.y == 1)})
    return {"right": {name: [float(right[at].mean()), int(at.sum())] for name, at in cuts.items()}}
