#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Draws the three pictures of docs/afxdp.md and docs/design.md.

usage: draw.py [FOLDER]     writes the SVG files into FOLDER (where this script lies)
"""

import pathlib
import sys

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot  # pylint: disable=wrong-import-position
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle  # pylint: disable=wrong-import-position

# Text stays text, and the same input gives the same bytes.
matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "afxdp", "font.family": "sans-serif",
                            "font.size": 9})

KERNEL, USER, HARDWARE, INK = "#dbe8f6", "#e3f1de", "#eeeeee", "#333333"


class Picture:
    """A canvas in units of a box's width and height."""

    def __init__(self, width, height):
        self.figure = pyplot.figure(figsize=(width, height))
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set(xlim=(0, width), ylim=(0, height))
        self.axes.axis("off")
        self.axes.add_patch(Rectangle((0, 0), width, height, color="white", zorder=-1))

    def box(self, x, y, width, height, text, colour=USER, **options):
        self.axes.add_patch(FancyBboxPatch((x, y), width, height, facecolor=colour, edgecolor=INK,
                                           linewidth=0.8, boxstyle="round,pad=0,rounding_size=0.06"))
        self.axes.text(x + width / 2, y + height / 2, text, ha="center", va="center", color=INK,
                       **options)

    def cell(self, x, y, width, height, text, colour="white"):
        self.axes.add_patch(Rectangle((x, y), width, height, facecolor=colour, edgecolor=INK,
                                      linewidth=0.6))
        self.axes.text(x + width / 2, y + height / 2, text, ha="center", va="center", color=INK,
                       fontsize=7.5)

    def arrow(self, start, end, text="", bend=0.0, at=(0, 0.1), colour=INK):
        self.axes.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=9,
                                            linewidth=0.9, color=colour, shrinkA=1, shrinkB=1,
                                            connectionstyle=f"arc3,rad={bend}"))
        self.label((start[0] + end[0]) / 2 + at[0], (start[1] + end[1]) / 2 + at[1], text)

    def label(self, x, y, text, **options):
        self.axes.text(x, y, text, **{"ha": "center", "va": "center", "fontsize": 7.5,
                                      "color": "#555555", **options})

    def save(self, path):
        self.figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
        pyplot.close(self.figure)


def way_of_a_packet():
    p = Picture(9.2, 3.9)
    p.box(0.1, 1.6, 0.8, 0.7, "NIC", HARDWARE)
    p.box(1.4, 1.45, 1.3, 1.0, "XDP program\nredirect", KERNEL)
    p.box(3.2, 1.6, 0.9, 0.7, "RX ring", KERNEL)
    steps = ("parse", "flow,\nfeatures", "classify", "policy")
    p.axes.add_patch(FancyBboxPatch((4.45, 1.15), 3.35, 1.6, facecolor="#f6fbf4", edgecolor=INK,
                                    linewidth=0.6, linestyle="--",
                                    boxstyle="round,pad=0,rounding_size=0.08"))
    p.label(6.12, 2.58, "one worker, 64 frames at a time")
    for i, step in enumerate(steps):
        p.box(4.6 + i * 0.82, 1.55, 0.68, 0.8, step)
        if i:
            p.arrow((4.46 + i * 0.82, 1.95), (4.6 + i * 0.82, 1.95))
    p.box(8.2, 2.3, 0.9, 0.6, "TX ring", KERNEL)
    p.box(8.2, 1.0, 0.9, 0.6, "free frames")
    p.arrow((0.9, 1.95), (1.4, 1.95))
    p.arrow((2.7, 1.95), (3.2, 1.95), "IP", at=(0, 0.12))
    p.arrow((4.1, 1.95), (4.6, 1.95))
    p.arrow((7.74, 2.05), (8.2, 2.55), "forward", at=(-0.32, 0.2))
    p.arrow((7.74, 1.85), (8.2, 1.35), "drop", at=(-0.14, -0.2))
    p.arrow((2.05, 1.45), (2.05, 0.75))
    p.box(1.1, 0.15, 1.9, 0.6, "host, or the other port", HARDWARE)
    p.label(2.12, 1.1, "not IP, --bypass,\nno engine there", ha="left")
    p.box(8.2, 3.2, 0.9, 0.5, "other NIC", HARDWARE)
    p.arrow((8.65, 2.9), (8.65, 3.2))
    p.box(1.4, 3.05, 5.4, 0.6, "--datapath kernel: the same parse, flow, features and model, all inside "
          "XDP", KERNEL)
    p.arrow((0.6, 2.3), (1.4, 3.3), bend=-0.2)
    return p


def flow_bucket():
    p = Picture(9.2, 3.1)
    p.label(0.1, 2.9, "a bucket: 1,088 bytes, 17 cache lines, eight ways", ha="left", fontsize=9)
    p.label(0.1, 2.62, "first line: decides hit, free way or victim without touching a flow", ha="left")
    for i in range(8):
        p.cell(0.1 + i * 0.56, 2.1, 0.56, 0.36, f"tag {i}", "#fdf1d6")
        p.cell(4.58 + i * 0.56, 2.1, 0.56, 0.36, f"stamp {i}", USER)
    p.label(2.34, 1.95, "upper half of the flow's hash, 0: free")
    p.label(6.82, 1.95, "latest time, and whether the flow was answered")
    p.label(0.1, 1.55, "then eight flows of two lines each; way 0:", ha="left")
    p.cell(0.1, 0.95, 2.0, 0.42, "low address", KERNEL)
    p.cell(2.1, 0.95, 2.0, 0.42, "high address", KERNEL)
    p.cell(4.1, 0.95, 1.4, 0.42, "ports, protocol", KERNEL)
    p.cell(5.5, 0.95, 1.0, 0.42, "last", USER)
    p.cell(6.5, 0.95, 1.0, 0.42, "packets", USER)
    p.cell(7.5, 0.95, 1.56, 0.42, "initiator", USER)
    for i, name in enumerate(("Σ length", "Σ interval", "Σ direction", "Σ |Δ length|",
                              "Σ |Δ interval|", "Σ |Δ direction|")):
        p.cell(0.1 + i * 1.28, 0.4, 1.28, 0.42, name, USER)
    p.cell(7.78, 0.4, 1.28, 0.42, "hosts")
    p.label(0.1, 0.2, "the key, equal for both directions, is what a lookup compares; everything green is "
            "written by each packet or when the flow begins", ha="left")
    return p


def frame_ownership():
    p = Picture(9.2, 3.4)
    p.box(0.2, 1.4, 1.2, 0.6, "free stack")
    p.box(2.2, 2.3, 1.2, 0.6, "fill ring", KERNEL)
    p.box(4.1, 2.3, 1.0, 0.6, "NIC", HARDWARE)
    p.box(5.8, 2.3, 1.2, 0.6, "RX ring", KERNEL)
    p.box(7.6, 1.4, 1.3, 0.6, "the worker")
    p.box(5.8, 0.5, 1.2, 0.6, "TX ring", KERNEL)
    p.box(4.1, 0.5, 1.0, 0.6, "NIC", HARDWARE)
    p.box(1.9, 0.5, 1.6, 0.6, "completion ring", KERNEL)
    p.arrow((1.1, 2.0), (2.2, 2.55), "refill", at=(-0.15, 0.15))
    p.arrow((3.4, 2.6), (4.1, 2.6))
    p.arrow((5.1, 2.6), (5.8, 2.6), "a packet", at=(0, 0.13))
    p.arrow((7.0, 2.55), (8.1, 2.0), "receive", at=(0.25, 0.15))
    p.arrow((8.1, 1.4), (7.0, 0.85), "send", at=(0.2, -0.12))
    p.arrow((5.8, 0.8), (5.1, 0.8))
    p.arrow((4.1, 0.8), (3.5, 0.8), "sent", at=(0, 0.13))
    p.arrow((1.9, 0.85), (1.0, 1.4), "reclaim", at=(-0.2, -0.12))
    p.arrow((7.6, 1.7), (1.4, 1.7), "release: dropped, consumed, or the TX ring was full", at=(0, 0.12))
    p.label(0.2, 3.15, "a frame is in one place at a time; a bridge's two ports fill from one stack",
            ha="left", fontsize=9)
    return p


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
    for draw in (way_of_a_packet, flow_bucket, frame_ownership):
        draw().save(folder / f"{draw.__name__}.svg")


if __name__ == "__main__":
    main()
