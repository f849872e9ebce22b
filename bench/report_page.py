# SPDX-License-Identifier: BSD-2-Clause
"""What the benchmarks measured as one HTML page that needs nothing beside it (report.py)."""

import csv
import html
import io
import json
import re

import report_plots
import report_tables

STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --soft: #57606a; --line: #d0d7de;
  --c0: #0969da; --c1: #bc4c00; --c2: #1a7f37; --c3: #8250df; --c4: #9a6700; --c5: #cf222e;
  --c6: #1b7c83; --c7: #6e7781; }
@media (prefers-color-scheme: dark) { :root { --paper: #0d1117; --ink: #e6edf3; --soft: #9198a1;
  --line: #3d444d; --c0: #4493f8; --c1: #f0883e; --c2: #3fb950; --c3: #ab7df8; --c4: #d29922;
  --c5: #f85149; --c6: #39c5cf; --c7: #9198a1; } }
body { background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif;
  max-width: 60rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
h1 { line-height: 1.2 } h2 { margin-top: 2.5rem } figure { margin: 1rem 0 }
figcaption { font-weight: 600 } svg { width: 100%; height: auto; display: block }
.wide { overflow-x: auto } table { border-collapse: collapse; font-size: .875rem }
th, td { border-bottom: 1px solid var(--line); padding: .25rem .6rem; text-align: left }
td { overflow-wrap: normal } td.number { text-align: right; font-variant-numeric: tabular-nums }
summary { cursor: pointer; color: var(--soft) } .note { color: var(--soft) } a { color: var(--c0) }
code { font-size: .9em }
"""
PAPER = "https://doi.org/10.1016/j.comnet.2024.110188"
NOISY = 0.10 # of the median, between least and most


def marked(text):
    """Our own texts use Markdown's backticks and paragraphs, and a heading first."""
    head, _, body = text.partition("\n\n")
    body = re.sub(r"`([^`]*)`", r"<code>\1</code>", html.escape(body))
    paragraphs = "".join(f"<p>{part}</p>" for part in body.split("\n\n"))
    return f"<h2>{html.escape(head.lstrip('# '))}</h2>{paragraphs}"


def table_of(markdown):
    """A Markdown table, or several with text between them, as report_tables writes them."""
    out = []
    for block in markdown.split("\n\n"):
        lines = block.splitlines()
        if not lines[0].startswith("|"):
            out.append("<ul>" + "".join(f"<li>{html.escape(line[2:])}</li>" for line in lines)
                       + "</ul>" if lines[0].startswith("- ") else f"<p>{html.escape(block)}</p>")
            continue
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
        right = [cell.endswith(":") for cell in rows[1]]
        cells = ["".join(f"<th>{html.escape(cell)}</th>" for cell in rows[0])]
        cells += ["".join(f"<td{' class=number' * number}>{html.escape(cell)}</td>"
                          for cell, number in zip(row, right)) for row in rows[2:]]
        out.append("<div class=wide><table>"
                   + "".join(f"<tr>{row}</tr>" for row in cells) + "</table></div>")
    return "".join(out)


def rows_of(found, part):
    content = found.get(part, (None, None))[0]
    return content["rows"] if content else []


def spread_of(rows):
    """How far apart a figure's least and most lie, of the figure: half of them are nearer."""
    of_all = sorted((row[most] - row[least]) / row[name] for row in rows
                    for name, least, most in (("ns", "ns_p10", "ns_p90"), ("ns", "ns_min", "ns_max"),
                                              ("pps", "pps_min", "pps_max"),
                                              ("lossless_pps", "lossless_pps_min",
                                               "lossless_pps_max"))
                    if most in row and row[name] > 0 and row[least] < row[most]) # one round has none
    return of_all[len(of_all) // 2] if of_all else None


def noise(found):
    spreads = {part: spread_of(rows_of(found, part)) for part in found}
    spreads = {part: spread for part, spread in spreads.items() if spread is not None}
    noisy = [part for part, spread in spreads.items() if spread > NOISY]
    verdict = (f"The machine was noisy for {', '.join(noisy)}: compare with care." if noisy
               else "The machine was quiet.")
    said = ", ".join(f"{part} {100 * spread:.0f} %" for part, spread in spreads.items())
    return (f"<p class=note>Lines on the bars reach from the 10th to the 90th percentile of the "
            f"rounds, on the wire and of whole programs from the least to the most. Half of the "
            f"figures spread by less than this much of their median: {said}. {verdict}</p>"
            if said else "")


def in_kernel(found, what):
    rows = {(row["what"], row["variant"]): row["ns"] for row in rows_of(found, "kernel")
            if row["flows"] == 1024}
    drop = next((ns for (name, _), ns in rows.items() if name == "xdp drop"), None)
    mine = [(ns, variant) for (name, variant), ns in rows.items() if name == what]
    if not mine or drop is None:
        return "not measured here"
    ns, variant = min(mine)
    return (f"{1e3 / (ns + drop):.1f} million a second, {ns + drop:.0f} ns per packet ({variant}): "
            "the program alone, without NIC and driver")


def by_queues(found):
    rows = [row for row in rows_of(found, "wire") if row["table"] == "queues"]
    said = ", ".join(f"{row['what']}: {row['pps'] / 1e3:,.0f} thousand a second" for row in rows)
    return (f"{said} (veth, copy mode; the generators take the same cores)" if said
            else "not measured here")


def on_wire(found, *systems):
    """What was measured of some systems where they ran in turns."""
    rows = {row["what"]: row for row in rows_of(found, "lossless") if row["table"] == "system"}
    said = [f"{name}: {rows[name]['pps'] / 1e3:,.0f} thousand a second in overload, "
            f"{rows[name]['lossless_pps'] / 1e3:,.0f} without loss"
            for name in systems if name in rows]
    return "; ".join(said) or "not measured here"


def findings(found):
    """What the reference reports, and the same here."""
    lines = [
        ("tree in the kernel, one core", "about 800,000 packets a second",
         in_kernel(found, "dt depth 10")),
        ("network in the kernel, one core", "about 450,000 packets a second",
         in_kernel(found, "nn 12-16-16-2")),
        ("one after the other on one wire", "the kernel's tree before its network",
         on_wire(found, "in the kernel, tree", "in the kernel, network, one program",
                 "AF_XDP, network", "raw socket, network")),
        ("AF_XDP, several cores", "the highest rate with two or more", by_queues(found)),
        ("in the kernel, several cores", "the highest rate with four or more",
         "not measured: it takes a NIC with queues, and a generator beside"),
    ]
    return (f'<h2>Beside the reference</h2><p>Hara and Sasabe, <a href="{PAPER}">Practicality of '
            "in-kernel/user-space packet processing empowered by lightweight neural network and "
            "decision tree</a>, in its abstract. Theirs are rates on a wire of other hardware: they "
            "tell the order of magnitude, no more.</p>"
            + table_of(report_tables.table(["what", "published", "here"],
                                           [list(line) for line in lines], 3)))


def missing(found):
    """Alternatives that aren't installed, with the package that has them."""
    lines = []
    alternatives = {row["runtime"].split()[0] for row in rows_of(found, "alternatives")}
    if alternatives:
        for name, package in (("scikit-learn", "python3-sklearn"), ("XGBoost", "python3-xgboost"),
                              ("PyTorch", "python3-torch"),
                              ("ONNX", "onnxruntime, of PyPI; Debian 12 has none")):
            if name not in alternatives:
                lines.append(f"{name}: {package}")
    wire = rows_of(found, "wire")
    if wire and not any(row["what"].startswith("testpmd") for row in wire):
        lines.append("dpdk-testpmd: dpdk-dev and librte-net-af-xdp23")
    lines += [line for line in (found.get("lossless", (None,))[0] or {}).get("missing", [])
              if "testpmd" not in line]
    return ("<h2>Not measured here</h2><ul>" + "".join(f"<li>{line}</li>" for line in lines)
            + "</ul>") if lines else ""


def section(part, content, why):
    if not content:
        return f"{marked(report_tables.TEXT[part])}<p class=note>Not measured: {html.escape(why)}.</p>"
    figures = "".join(f"<figure><figcaption>{html.escape(title)}</figcaption>{plot}</figure>"
                      for title, plot in getattr(report_plots, part)(content["rows"]))
    rows = getattr(report_tables, part)(content["rows"])
    return (f"{marked(report_tables.TEXT[part])}{figures}<details><summary>The figures</summary>"
            f"{table_of(rows)}</details>")


def document(found, machine, command):
    facts = report_tables.table(["", ""], [list(line) for line in machine], 2)
    raw = json.dumps(raw_data(found, machine), separators=(",", ":")).replace("<", "\\u003c")
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>afxdp-engine: performance</title><style>{STYLE}</style></head><body>
<h1>Performance of afxdp-engine</h1>
<p>Written by <code>{html.escape(command)}</code> on the machine below. Rows of a plot took turns in
one run. Times are medians, nanoseconds per packet on one core; a 10 GbE link full of the smallest
packets leaves 67.</p>
{table_of(facts)}{noise(found)}{findings(found)}
{"".join(section(part, *result) for part, result in found.items())}
{missing(found)}
<script type="application/json" id="raw">{raw}</script>
</body></html>
"""


def raw_data(found, machine):
    return {"machine": dict(machine),
            "parts": {part: content or {"left_out": why} for part, (content, why) in found.items()}}


def rows_as_csv(found):
    rows = [{"part": part, **row} for part in found for row in rows_of(found, part)]
    heads = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, heads, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
