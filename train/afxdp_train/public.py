# SPDX-License-Identifier: BSD-2-Clause
"""The public captures: what each set is, where it is had, and whether a copy is the same copy."""

import hashlib
import os

from . import places, refusal

SETS = {
    "westermo": "https://github.com/westermo/network-traffic-dataset: data/reduced/pcaps/right.zip "
                "and data/reduced/flows/output_right.zip as right.pcap and right.flows.csv; "
                "CC BY 4.0, Strandberg et al. 2023",
    "stopddos": "https://github.com/StopDDoS/packet-captures: amp.* and pkt.* by their own names, "
                "some shortened to their first packets; free to build DDoS protection with, "
                "L.F. Haaijer 2022",
    "iot_sentinel": "https://github.com/andypitcher/IoT_Sentinel: captures_IoT-Sentinel, a "
                    "device's runs numbered and parted as DEVICE.NN.{train,test}.pcap; MIT",
    "mqttset": "https://www.kaggle.com/datasets/cnrieiit/mqttset: CC BY-NC-SA 4.0, Vaccari et al. "
               "2020, only to evaluate: no shipped model is trained on it",
    "parser_corpus": "https://github.com/ntop/nDPI: tests/cfgs/*/pcap; LGPL-3, only to evaluate",
}
LAB_SETS = ("westermo", "stopddos", "iot_sentinel")


class Missing(refusal.Refused):
    """A public capture is absent or isn't the one that the figures were made with."""


def hashes():
    """Path below the data folder -> SHA-256, for every public file that training may read."""
    with open(os.path.join(places.PACKAGE, "captures.sha256"), encoding="utf-8") as file:
        return {path: digest for digest, path in (line.split() for line in file)}


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def verify(folder, sets=LAB_SETS):
    """The checked paths below `folder`, by set; raises Missing and says where to get the set."""
    found = {}
    for name in sets:
        found[name] = sorted(path for path in hashes() if path.startswith(name + "/"))
        for path in found[name]:
            full = os.path.join(folder, path)
            if not os.path.exists(full):
                raise Missing(f"{full} is not there; the set {name} is had at {SETS[name]}")
            if sha256(full) != hashes()[path]:
                raise Missing(f"{full} has another SHA-256 than captures.sha256 says; "
                              f"the set {name} is had at {SETS[name]}")
    return found
