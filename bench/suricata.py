# SPDX-License-Identifier: BSD-2-Clause
"""Whether the Suricata that is installed captures by AF_XDP, and how it is started without rules
(systems.py)."""

import json
import pathlib
import re
import shutil
import subprocess

PACKAGE = "Debian 12: suricata of bookworm-backports"
RING = 2048  # frames, which may be unread when it ends

# Packets are decoded, belong to flows and are searched for protocols; nothing is written but
# statistics. Busy polling, its default, can't be set up here, so that it only never sleeps.
CONFIGURATION = """%YAML 1.1
---
stats:
  enabled: yes
  interval: 1
outputs:
  - eve-log:
      enabled: yes
      filetype: regular
      filename: statistics.json
      types: [{stats: {totals: yes, threads: no}}]
logging:
  default-log-level: notice
  outputs: [{console: {enabled: yes}}]
unix-command: {enabled: no}
af-xdp:
  - interface: INTERFACE
    force-xdp-mode: drv
    force-bind-mode: copy
"""


def said(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout if done.returncode == 0 else ""


def version():
    """Of what is installed: "7.0.10", or None."""
    if not shutil.which("suricata"):
        return None
    found = re.search(r"version (\d\S*)", said("suricata", "-V"))
    return found[1] if found else None


def missing():
    """Why there is nothing to measure, or None."""
    here = version()
    if not here:
        return f"Suricata's AF_XDP capture: suricata is not installed ({PACKAGE})"
    if not re.search(r"^\s*AF_XDP support:\s+yes", said("suricata", "--build-info"), re.M):
        return (f"Suricata's AF_XDP capture: suricata {here} has none; 7.0 or newer, built with "
                f"libxdp, has ({PACKAGE})")
    return None


def command(folder, interface):
    """On one thread: with more it wants to know the interface's queues, and veth doesn't tell."""
    path = pathlib.Path(folder, "suricata.yaml")
    path.write_text(CONFIGURATION.replace("INTERFACE", interface))
    return ["suricata", f"--af-xdp={interface}", "--runmode", "single", "-c", path, "-l", folder, "-S",
            "/dev/null"]


def statistics(folder):
    """Packets read and dropped, as it counted them itself until it ended; None where it never ran."""
    path = pathlib.Path(folder, "statistics.json")
    lines = path.read_text().splitlines() if path.exists() else []
    if not lines:
        return None
    capture = json.loads(lines[-1])["stats"]["capture"]
    return capture["afxdp_packets"], capture["kernel_drops"]
