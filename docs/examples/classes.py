# SPDX-License-Identifier: BSD-2-Clause
"""Which ports each class of traffic goes to, in a capture: classes.py CAPTURE MODEL"""

import sys

import numpy as np

import afxdp

capture, path = sys.argv[1:]
rows = afxdp.features(capture, model=path)
for name in afxdp.Model(path).classes_:
    mine = rows[rows["class"] == name]
    ports, counts = np.unique(mine["dport"], return_counts=True)
    busiest = [f"{port} ({count})" for count, port in sorted(zip(counts, ports), reverse=True)[:3]]
    print(f"{name:16}{len(mine):7} packets, to ports {', '.join(busiest)}")
