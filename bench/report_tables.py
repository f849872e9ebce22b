# SPDX-License-Identifier: BSD-2-Clause
"""Rows of the benchmarks as Markdown tables, with what there is to say about each (report.py)."""

INTRODUCTION = """# Performance

Written by `sudo build/bin/afxdp-bench report{arguments}`; run it to have the
figures of your machine. Compare within a table: its rows took turns in one run. Times are
nanoseconds per packet on one core, medians; the in-memory ones count the thread's own time, so
that other programs on the machine don't lengthen them."""

TEXT = {
    "classify": """## Classifiers alone

Feature vectors in, verdicts out (`afxdp-bench classify`), at four batch sizes. `x floor` compares
batch 64 with the time for the part that no implementation of that kind can do without, measured in
the same process; below the table stands what that part is. The models are random, of the given
shape: what they decide is meaningless, what they cost isn't.""",
    "pipeline": """## From a frame in memory to its verdict

Parse, flow table, features, classifier, policy and counters, in bursts of 64
(`afxdp-bench pipeline`), with the fastest variant. `new`: every packet begins a flow in a full
table, as under attack. Frames are 64 bytes of UDP over IPv4 in random order of flows.""",
    "stages": """## Each step of the pipeline

The same loads with a clock between the steps (`afxdp-bench stages`). Steps overlap a little without
it, so that they take somewhat less together.""",
    "alternatives": """## What users would otherwise run

The same models on the same inputs, in the same run, one thread (`afxdp-bench alternatives`):
scikit-learn's `tree_.apply`, XGBoost through its C API and, where they are installed, PyTorch and
ONNX Runtime, which compute the network in floats. Ours get integers and code them themselves, theirs
get floats that are ready.""",
    "capture": """## The program on a capture

`afxdp-engine --pcap` with the shipped models, of feature set 1 and 28 features, on a capture in the
page cache, from start to end of the process, less a run over its first 1,000 packets (`afxdp-bench
capture`). It includes reading the file and filling the flow table's memory. `own` is the process's
own time.""",
    "kernel": """## Inside the kernel

The same models as XDP programs, parse to verdict, by `BPF_PROG_TEST_RUN` (`afxdp-bench kernel`):
no NIC and no driver. Figures are net of a program that only drops; `xdp drop` is that program. There
are no prefetches in the kernel: with flows beyond the caches it waits for each.""",
    "wire": """## On the wire

A veth pair in copy mode, one generator on one core, one queue and its worker on another
(`afxdp-bench wire`). The generator and the kernel's own work are most of what a packet costs here,
and the rate is bounded by them; the worker's busy time beside it is ours. `ratio` is the first
row's rate over this one's, the median over rounds, each in random order, and where that median lies
19 times out of 20. testpmd takes no arrival times, so the engine doesn't in those rows
(`--timestamps burst`); what exact ones cost is a row of its own.""",
    "lossless": """## The highest rate without loss

A search in the manner of RFC 2544 on a veth pair (`afxdp-bench lossless`): frames at a rate for the
time of a trial; a rate counts that lost at most as much as stated below the tables, in one of two
trials; its bounds come within 5 % of what was offered in overload, which is all that the generator
gives. Frames have 64 bytes but where they are told apart by size, and are of 1,024 flows in turn but
where they are told apart by traffic. Core 0 sends. AF_XDP, testpmd and
the raw socket (the same pipeline and model over a TPACKET_V3 ring) have core 1 to themselves, and
the kernel's part of receiving is core 0's; so has Suricata, which takes packets by its own AF_XDP
capture, decodes them, keeps flows and looks for protocols, without a rule. What runs inside the
kernel has core 1 with all that receiving takes, and drops what it has judged; in front of it veth
holds 256 frames, so that a core that is away for some ten microseconds more loses some. Cores are
percent of user, system and softirq in overload. Memory is the most that was resident, BPF maps and
huge pages included.""",
    "latency": """## Latency

From the generator's stamp in a frame to its verdict, and through a bridge to a sink behind the
other port (`afxdp-bench latency`), with the network, at shares of the highest rate without loss of
that way. Microseconds, medians of the rounds. On a veth pair in copy mode most of it is the
kernel's, and the longest are those in which someone else had the core.""",
    "detection": """## What they find

The shipped models on the labelled capture that ships, every packet judged (`afxdp-bench
detection`, by `afxdp-features` and `afxdp-model eval`). Found: of the packets of a class those that
were called it. Right: of the packets called it those that are. The models were developed with this
capture in sight, though not trained on it: `docs/models/evaluation.md` has captures that chose
nothing, and says what no model of these features can tell.""",
}
PARTS = tuple(TEXT)

def flows_head(flows):
    return "1 flow" if flows == 1 else f"{flows:,} flows" if isinstance(flows, int) else flows


WIRE_LEAST = 0.97 # of the other's packet rate

AIMS = [ # what, part, how to find the row, at most (ns, or times another figure)
    ("NN 12-32-32-5, batch 64, x floor", "classify", {"what": "nn 12-32-32-5", "batch": 64}, 1.35),
    ("NN 12-32-32-5, batch 8", "classify", {"what": "nn 12-32-32-5", "batch": 8}, 15),
    ("NN 12-32-32-5, batch 1", "classify", {"what": "nn 12-32-32-5", "batch": 1}, 40),
    ("NN 12-16-16-2, batch 64", "classify", {"what": "nn 12-16-16-2", "batch": 64}, 5),
    ("DT depth 10, batch 64", "classify", {"what": "dt depth 10", "batch": 64}, 3),
    *((f"pipeline, {flows_head(flows)}, {what.upper()}", "pipeline", {"what": what, "flows": flows}, most)
      for flows, most in ((1000, 32), (100000, 50), (1000000, 67)) for what in ("dt", "nn")),
    ("every packet a new flow, DT", "pipeline", {"what": "dt", "flows": "new"}, 95),
    ("every packet a new flow, NN", "pipeline", {"what": "nn", "flows": "new"}, 95),
    ("every packet a new flow, x 1 M flows, NN", "pipeline", {"what": "nn", "flows": "new"}, 2),
    ("capture, DT", "capture", {"what": "dt"}, 120),
    ("capture, NN", "capture", {"what": "nn"}, 120),
    ("in the kernel, 1 M flows, NN 12-32-32-5, x DT", "kernel",
     {"what": "nn 12-32-32-5", "flows": 1048576}, 1.5),
]


def figure(value, digits=2):
    return "-" if value is None else f"{value:,.{digits}f}"


def table(heads, lines, texts=1):
    """The first columns are text, the others numbers."""
    rows = [heads, ["---"] * texts + ["---:"] * (len(heads) - texts), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def obtained(what, rows, name, key):
    """A line on the pages that memory lay in, where the rows say so."""
    kinds = {}
    for row in rows:
        if row.get(name):
            kinds.setdefault(row[name], {})[flows_head(row[key])] = None
    of_each = [kind if len(kinds) == 1 else f"{kind} ({', '.join(where)})"
               for kind, where in kinds.items()]
    return f"\n\n{what} {' and '.join(of_each)} pages." if kinds else ""


def spread(row, low, high, digits=1):
    return f"{row[low]:,.{digits}f}–{row[high]:,.{digits}f}"


def classify(rows):
    batches = sorted({row["batch"] for row in rows})
    cells = {(row["what"], row["variant"], row["batch"]): row for row in rows}
    lines, floors = [], {}
    for what, variant in dict.fromkeys((row["what"], row["variant"]) for row in rows):
        at_64 = cells[what, variant, 64]
        floor = at_64["floor_ns"]
        lines.append([f"{what}, {variant}"]
                     + [figure(cells[what, variant, batch]["ns"]) for batch in batches]
                     + [figure(floor), figure(at_64["ns"] / floor) if floor else "-"])
        if floor:
            floors.setdefault(at_64["floor_from"], f"{what}, {variant}")
    heads = ["", *(f"batch {batch}" for batch in batches), "floor", "x floor"]
    notes = "\n".join(f"- from {first} on: {text}" for text, first in floors.items())
    return table(heads, lines) + ("\n\nFloors:\n\n" + notes if notes else "")


def pipeline(rows):
    flows = list(dict.fromkeys(row["flows"] for row in rows))
    cells = {(row["what"], row["variant"], row["flows"]): row for row in rows}
    lines = [[what if variant == "-" else f"{what}, {variant}"]
             + [figure(cells[what, variant, number]["ns"], 1) for number in flows]
             for what, variant in dict.fromkeys((row["what"], row["variant"]) for row in rows)]
    lines.append(["floor: " + rows[0].get("floor_from", "")]
                 + [figure(cells[rows[0]["what"], rows[0]["variant"], number]["floor_ns"], 1)
                    for number in flows])
    heads = ["model", *(flows_head(n) for n in flows)]
    return table(heads, lines) + obtained("Flow tables lay in", rows, "pages", "flows")


def stages(rows):
    steps = list(dict.fromkeys(row["step"] for row in rows))
    ns = {(row["what"], row["flows"], row["step"]): row["ns"] for row in rows}
    lines = [[what, flows_head(flows)] + [figure(ns[what, flows, step], 1) for step in steps]
             for what, flows in dict.fromkeys((row["what"], row["flows"]) for row in rows)]
    return table(["model", "flows", *steps], lines, 2)


def alternatives(rows):
    return table(["model", "runtime", "batch", "ns", "min–max", "x ours"],
                 [[row["what"], row["runtime"], str(row["batch"]), figure(row["ns"]),
                   spread(row, "ns_min", "ns_max"), figure(row["times_ours"])] for row in rows], 2)


def capture(rows):
    return table(["model", "packets", "flows", "ns", "min–max", "own", "start-up, ms"],
                 [[row["what"] if row["variant"] == "-" else f"{row['what']}, {row['variant']}",
                   f"{row['packets']:,}", f"{row['flows']:,}", figure(row["ns"], 1),
                   spread(row, "ns_min", "ns_max"), figure(row["own_ns"], 1),
                   figure(row["start_ms"], 1)] for row in rows])


def known_first(rows):
    """The numbers of flows, and then a word for packets that all begin one."""
    return sorted({row["flows"] for row in rows}, key=lambda flows: (isinstance(flows, str), flows))


def kernel(rows):
    flows = known_first(rows)
    cells = {(row["what"], row["variant"], row["flows"]): row["ns"] for row in rows}
    lines = [[f"{what}, {variant}"] + [figure(cells.get((what, variant, number)), 1)
                                       for number in flows]
             for what, variant in dict.fromkeys((row["what"], row["variant"]) for row in rows)]
    return table(["", *(flows_head(n) for n in flows)], lines)


def wire(rows):
    titles = {"receive": "taking packets in", "hairpin": "sending back, addresses swapped",
              "packets": "by number of packets", "queues": "by number of queues"}
    parts = []
    for name in dict.fromkeys(row["table"] for row in rows):
        lines = [[row["what"], figure(row["pps"] / 1000, 0),
                  spread({key: row.get(key, 0) / 1000 for key in ("pps_min", "pps_max")},
                         "pps_min", "pps_max", 0) if "pps_min" in row else "-",
                  figure(row.get("first_over_this"), 3),
                  spread(row, "first_over_this_low", "first_over_this_high", 3)
                  if "first_over_this" in row else "-", figure(row.get("busy_ns"), 0)]
                 for row in rows if row["table"] == name]
        parts.append(table([titles.get(name, name), "kpps", "min–max", "ratio", "of it", "busy ns"], lines))
    return "\n\n".join(parts)


def cores(row, place):
    return "/".join(str(row[f"{place}_{kind}"]) for kind in ("user", "system", "softirq"))


def lossless(rows):
    titles = {"system": "64 bytes, one queue", "size": "AF_XDP, network, by size",
              "queues": "AF_XDP, network, by queues", "traffic": "AF_XDP, network, by traffic"}
    parts = []
    for name in dict.fromkeys(row["table"] for row in rows):
        lines = [[row["what"], figure(row["lossless_pps"] / 1000, 0),
                  spread({key: row[key] / 1000 for key in ("lossless_pps_min", "lossless_pps_max")},
                         "lossless_pps_min", "lossless_pps_max", 0),
                  figure(row["pps"] / 1000, 0), figure(row["offered_pps"] / 1000, 0),
                  cores(row, "taking"), cores(row, "sending"), figure(row["memory_mib"], 0)]
                 for row in rows if row["table"] == name]
        parts.append(table([titles.get(name, name), "kpps without loss", "min–max", "in overload",
                            "offered", "core 1, %", "core 0, %", "MiB"], lines))
    lost = {(row["tolerance"], row["seconds"]) for row in rows}
    parts += [f"By its own counters {row['what']} read {row['own_packets']:,} packets in all its "
              f"trials and lost {row['own_dropped']:,} that came."
              for row in rows if row.get("own_packets") is not None]
    for what, name in (("Packets of the engine's rows lay in", "packet_pages"),
                       ("Flow tables of the engine's rows lay in", "flow_pages")):
        parts += [line.strip() for line in [obtained(what, rows, name, "what")] if line]
    parts += [f"At most {100 * share:g} % lost, trials of {seconds:g} s." for share, seconds in lost]
    return "\n\n".join(parts)


def latency(rows):
    figures = ("median_ns", "p99_ns", "p999_ns", "max_ns")
    return table(["way", "share of the rate", "kpps", "median", "99 %", "99.9 %", "longest"],
                 [[row["what"], f"{row['share']} %", figure(row["pps"] / 1000, 0)]
                  + [figure(row[name] / 1000, 1) for name in figures] for row in rows], 2)


def detection(rows):
    classes = list(dict.fromkeys(row["class"] for row in rows))
    cells = {(row["what"], row["class"]): row for row in rows}
    models = list(dict.fromkeys(row["what"] for row in rows))

    def percent(share):
        return "-" if share is None else f"{100 * share:.1f}"

    tables = [table(["model", "feature set", "accuracy, %", "macro-F1, %",
                     f"{classes[0]} called an attack, %"],
                    [[model, str(first["feature_set"]), *(percent(first[name]) for name in
                                                         ("accuracy", "macro_f1", "false_positives"))]
                     for model in models for first in [cells[model, classes[0]]]])]
    for title, score in (("found, %", "recall"), ("right, %", "precision")):
        tables.append(table([title, "packets", *models],
                            [[name, f"{cells[models[0], name]['packets']:,}",
                              *(percent(cells[model, name][score]) for model in models)]
                             for name in classes]))
    return "\n\n".join(tables)


def met(value, low, high, least):
    """Where chance alone may have decided, that is said."""
    if low < least <= high:
        return f"{'yes' if value >= least else 'no'}, but {low:.3f}–{high:.3f} holds both"
    return "yes" if value >= least else "no"


def aims(found):
    """The least figure over variants, and whether it is as small as was aimed for."""
    lines = []
    for what, part, wanted, most in AIMS:
        rows = (found.get(part, (None,))[0] or {}).get("rows", [])
        rows = [row for row in rows if all(row.get(key) == value for key, value in wanted.items())]
        if not rows:
            continue
        best = min(rows, key=lambda row: row["ns"])
        value = best["ns"]
        if "x floor" in what:
            value = value / best["floor_ns"] if best["floor_ns"] else None
        elif "x 1 M" in what:
            value /= next(row["ns"] for row in found[part][0]["rows"]
                          if row["what"] == best["what"] and row["flows"] == 1000000)
        elif "x DT" in what:
            value /= next(row["ns"] for row in found[part][0]["rows"]
                          if row["what"] == "dt depth 10" and row["flows"] == wanted["flows"])
        if value is not None:
            lines.append([what, f"at most {figure(most)}", figure(value),
                          "yes" if value <= most else "no"])
    for row in (found.get("wire", (None,))[0] or {}).get("rows", []):
        if row["what"] == "engine, model, exact arrival times":
            share, low, high = (1 / row[name] for name in (
                "first_over_this", "first_over_this_high", "first_over_this_low"))
            lines.append(["packet rate with exact arrival times over that without",
                          f"at least {WIRE_LEAST}", figure(share), met(share, low, high, WIRE_LEAST)])
        if "first_over_this" in row and not row["what"].startswith("engine, model"):
            lines.append([f"packet rate with the NN over that of {row['what']}",
                          f"at least {WIRE_LEAST}", figure(row["first_over_this"]),
                          met(row["first_over_this"], row["first_over_this_low"],
                              row["first_over_this_high"], WIRE_LEAST)])
    return lines


def document(found, machine, with_aims, arguments):
    parts = [INTRODUCTION.replace("{arguments}", arguments),
             "| | |\n| --- | --- |\n" + "\n".join(f"| {k} | {v} |" for k, v in machine)]
    lines = aims(found) if with_aims else []
    if lines:
        parts.append("## In short\n\n" + table(["what", "aim", "measured", "met"], lines))
    for part, (content, why) in found.items():
        parts.append(TEXT[part])
        parts.append(globals()[part](content["rows"]) if content else f"Not measured: {why}.")
    return "\n\n".join(parts) + "\n"
