# SPDX-License-Identifier: BSD-2-Clause
"""Rows of the benchmarks as SVG plots (report_page.py). Colours are names that the page defines, once
for each theme, and text is drawn as shapes: the same on every machine."""

import io
import math
import re

import matplotlib

from report_tables import known_first

matplotlib.use("svg")
import matplotlib.pyplot as plt # pylint: disable=wrong-import-position

# Stand-ins, which matplotlib needs to know as colours, and what the page calls them.
INK, FAINT = "#010203", "#010204"
SERIES = [f"#0102{10 + i:02x}" for i in range(8)]
NAMES = {INK: "var(--ink)", FAINT: "var(--line)",
         **{colour: f"var(--c{i})" for i, colour in enumerate(SERIES)}}
STYLE = {"text.color": INK, "axes.edgecolor": FAINT, "axes.labelcolor": INK, "xtick.color": INK,
         "ytick.color": INK, "grid.color": FAINT, "axes.grid": True, "axes.axisbelow": True,
         "axes.spines.top": False, "axes.spines.right": False, "font.size": 10,
         "svg.fonttype": "path", "legend.frameon": False, "figure.constrained_layout.use": True}


def svg(figure, name, label):
    """The figure as an element of the page; ids of several don't clash."""
    text = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": name}):
        figure.savefig(text, format="svg", transparent=True,
                       metadata={"Date": None, "Creator": None})
    plt.close(figure)
    body = text.getvalue()
    body = body[body.index("<svg"):]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.S)
    for colour, variable in NAMES.items():
        body = body.replace(colour, variable)
    body = re.sub(r'(id="|url\(#|xlink:href="#)', rf"\g<1>{name}-", body)
    head, rest = body.split(">", 1)
    head = re.sub(r' (width|height)="[^"]*"', "", head)
    return f'{head} role="img" aria-label="{label}">{rest}'


def bars(name, label, unit, groups, series, horizontal=False, by_tens=False):
    """`series`: name -> (value, low, high) or None for each group. Lines show the spread."""
    with plt.rc_context(STYLE):
        size = (8, 1 + 0.2 * len(groups) * (len(series) + 0.5)) if horizontal else (8, 3.4)
        figure, axes = plt.subplots(figsize=size)
        width = 0.8 / len(series)
        foot = 0 # of the bars; a logarithm has no zero
        if by_tens:
            least = min(value[0] for values in series.values() for value in values if value)
            foot = 10 ** math.floor(math.log10(least))
        for i, (what, values) in enumerate(series.items()):
            for at, value in enumerate(values):
                if value is None:
                    continue
                middle, low, high = value
                place = at + (i - (len(series) - 1) / 2) * width
                spread = [[middle - low], [high - middle]] if low < high else None
                draw = axes.barh if horizontal else axes.bar
                draw(place, middle - foot, width * 0.9, foot, color=SERIES[i % len(SERIES)], ecolor=INK,
                     **{"xerr" if horizontal else "yerr": spread}, capsize=2,
                     error_kw={"elinewidth": 0.8})
            axes.plot([], [], "s", color=SERIES[i % len(SERIES)], label=what)
        if horizontal:
            axes.set_yticks(range(len(groups)), groups)
            axes.set_ylim(len(groups) - 0.5, -0.5)
            axes.set_xlabel(unit)
            axes.grid(axis="y", visible=False)
        else:
            axes.set_xticks(range(len(groups)), groups)
            axes.set_ylabel(unit)
            axes.grid(axis="x", visible=False)
        if by_tens:
            axes.set_yscale("log")
            axes.set_ylim(bottom=foot)
            axes.yaxis.set_major_formatter(lambda value, _: f"{value:,g}")
        if len(series) > 1:
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=min(4, len(series)))
        return svg(figure, name, label)


def stack(name, label, unit, groups, layers):
    """`layers`: name -> a value for each group, one on top of the other."""
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(8, 3.6))
        base = [0] * len(groups)
        for i, (what, values) in enumerate(layers.items()):
            axes.bar(range(len(groups)), values, 0.6, bottom=base, label=what,
                     color=SERIES[i % len(SERIES)])
            base = [a + b for a, b in zip(base, values)]
        axes.set_xticks(range(len(groups)), groups)
        axes.set_ylabel(unit)
        axes.grid(axis="x", visible=False)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4)
        return svg(figure, name, label)


def _spread(row, low, high):
    return row["ns"], row.get(low, row["ns"]), row.get(high, row["ns"])


def _flows(value):
    return "new flows" if value == "new" else f"{value:,} flow{'s' if value != 1 else ''}"


def classify(rows):
    batches = sorted({row["batch"] for row in rows})
    plots = []
    for what in dict.fromkeys(row["what"] for row in rows):
        mine = [row for row in rows if row["what"] == what]
        series = {variant: [next((_spread(row, "ns_p10", "ns_p90") for row in mine
                                  if (row["variant"], row["batch"]) == (variant, batch)), None)
                            for batch in batches]
                  for variant in dict.fromkeys(row["variant"] for row in mine)
                  if variant not in ("scalar", "reference")}
        if series and what in ("nn 12-32-32-5", "dt depth 10"):
            plots.append((f"{what}, by batch", bars(
                "classify" + re.sub(r"\W", "", what), f"{what}: ns per packet by batch",
                "ns per packet", [f"batch {batch}" for batch in batches], series)))
    return plots


def pipeline(rows):
    flows = list(dict.fromkeys(row["flows"] for row in rows))
    series = {what: [next((_spread(row, "ns_p10", "ns_p90") for row in rows
                           if (row["what"], row["flows"]) == (what, number)), None)
                     for number in flows]
              for what in dict.fromkeys(row["what"] for row in rows)}
    return [("Frame in memory to verdict, by live flows", bars(
        "pipeline", "pipeline: ns per packet by number of flows", "ns per packet",
        [_flows(number) for number in flows], series))]


def stages(rows):
    plots = []
    for what in ("nn", "nn of 28"):
        mine = [row for row in rows if row["what"] == what]
        flows = list(dict.fromkeys(row["flows"] for row in mine))
        layers = {step: [next(row["ns"] for row in mine
                              if (row["step"], row["flows"]) == (step, number)) for number in flows]
                  for step in dict.fromkeys(row["step"] for row in mine) if step != "all"}
        if flows:
            plots.append((f"Each step, model: {what}", stack(
                "stages" + re.sub(r"\W", "", what), f"steps of the pipeline with {what}",
                "ns per packet", [_flows(number) for number in flows], layers)))
    return plots


def alternatives(rows):
    plots = []
    for what in dict.fromkeys(row["what"] for row in rows):
        mine = [row for row in rows if row["what"] == what]
        plots.append((what, bars(
            "alternatives" + re.sub(r"\W", "", what), f"{what}: ns per packet", "ns per packet",
            [f"{row['runtime']}, batch {row['batch']}" for row in mine],
            {"ns": [_spread(row, "ns_min", "ns_max") for row in mine]}, horizontal=True)))
    return plots


def capture(rows):
    return [("The program on a capture", bars(
        "capture", "ns per packet of a capture", "ns per packet", [row["what"] for row in rows],
        {"ns": [_spread(row, "ns_min", "ns_max") for row in rows]}, horizontal=True))]


def _in_kernel(name, rows):
    whats = list(dict.fromkeys((row["what"], row["variant"]) for row in rows))
    series = {_flows(number): [next((_spread(row, "ns_p10", "ns_p90") for row in rows
                                     if (row["what"], row["variant"], row["flows"])
                                     == (*what, number)), None) for what in whats]
              for number in known_first(rows)}
    return bars(name, "in-kernel models: ns per packet", "ns per packet",
                [", ".join(what) for what in whats], series, horizontal=True)


def kernel(rows):
    plots = [("Inside the kernel", _in_kernel("kernel", [row for row in rows
                                                         if row["flows"] in (1024, "new")]))]
    many = {(row["what"], row["variant"]) for row in rows if row["flows"] not in (1024, "new")}
    if many:
        plots.append(("Inside the kernel, by live flows", _in_kernel(
            "kernelflows", [row for row in rows if (row["what"], row["variant"]) in many])))
    return plots


def wire(rows):
    plots = []
    for name in dict.fromkeys(row["table"] for row in rows):
        mine = [row for row in rows if row["table"] == name]
        plots.append((f"On the wire: {name}", bars(
            "wire" + re.sub(r"\W", "", name), f"packet rates, {name}", "thousand packets a second",
            [row["what"] for row in mine],
            {"rate": [(row["pps"] / 1e3, row.get("pps_min", row["pps"]) / 1e3,
                       row.get("pps_max", row["pps"]) / 1e3) for row in mine]}, horizontal=True)))
    return plots


def lossless(rows):
    plots = []
    titles = {"system": "of each system", "size": "by packet size", "queues": "by queues",
              "traffic": "by traffic"}
    for name in dict.fromkeys(row["table"] for row in rows):
        mine = [row for row in rows if row["table"] == name]
        plots.append((f"The highest rate without loss, {titles.get(name, name)}", bars(
            "lossless" + name, f"lossless packet rates by {name}", "thousand packets a second",
            [row["what"] for row in mine],
            {"without loss": [tuple(row[key] / 1e3 for key in ("lossless_pps", "lossless_pps_min",
                                                               "lossless_pps_max"))
                              for row in mine],
             "taken in overload": [(row["pps"] / 1e3,) * 3 for row in mine]}, horizontal=True)))
        if name == "system":
            plots.append(("What core 1, which takes them, is busy with in overload", bars(
                "losslesscores", "core 1 by kind and system", "percent of the core",
                [row["what"] for row in mine],
                {kind: [(row[f"taking_{kind}"],) * 3 for row in mine]
                 for kind in ("user", "system", "softirq")}, horizontal=True)))
            plots.append(("Memory", bars(
                "losslessmemory", "resident memory by system", "MiB, the most that was resident",
                [row["what"] for row in mine],
                {"MiB": [row["memory_mib"] and (row["memory_mib"],) * 3 for row in mine]},
                horizontal=True)))
    return plots


def detection(rows):
    classes = list(dict.fromkeys(row["class"] for row in rows))
    f1 = {(row["what"], row["class"]): 100 * (row["f1"] or 0) for row in rows}
    return [("F1 of each class", bars(
        "detection", "F1 of each class by model", "F1, %", classes,
        {model: [(f1[model, name],) * 3 for name in classes]
         for model in dict.fromkeys(row["what"] for row in rows)}))]


def latency(rows):
    plots = []
    names = {"median_ns": "median", "p99_ns": "99 %", "p999_ns": "99.9 %", "max_ns": "longest"}
    for way in dict.fromkeys(row["what"] for row in rows):
        mine = [row for row in rows if row["what"] == way]
        plots.append((f"Latency, {way}", bars(
            "latency" + re.sub(r"\W", "", way), f"latency, {way}", "microseconds",
            [f"{row['share']} % of the lossless rate" for row in mine],
            {name: [(max(row[key], 1) / 1e3,) * 3 for row in mine] for key, name in names.items()},
            by_tens=True)))
    return plots
