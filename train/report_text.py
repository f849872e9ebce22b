# SPDX-License-Identifier: BSD-2-Clause
"""The results of report.py as the page docs/models/evaluation.md."""

import numpy as np

INTRO = """# Evaluation of the shipped models

Made by `train/report.py` (`--data`, `--recordings`); the pages of the models say what the figures
mean. *lab*: test part of the lab set (shared data page). *recordings*: runs of our own recorder that
no model was trained on, with password guessing over HTTP and MQTT, which no model is taught. F1 is
macro-F1 in percent; ± is the standard deviation over the seeds; "first" is at the first packet of
each flow, "last" at its last.
"""


def percent(value):
    return "–" if value is None else f"{100 * value:.1f}"


def spread(values):
    return f"{100 * np.mean(values):.1f}" + (f" ± {100 * np.std(values):.1f}" if len(values) > 1 else "")


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows]) + "\n"


def grouped(results, key):
    found = {}
    for entry in results:
        found.setdefault(entry[key], []).append(entry)
    return found.items()


def scores_table(results, part):
    """One row a model: packet, first, last, false positives, F1 of each class."""
    classes = list(results[0][part]["classes"])
    rows = []
    for model, entries in grouped(results, "model"):
        row = [model] + [spread([e[part][cut] for e in entries])
                         for cut in ("packet", "first", "last", "false_positives")]
        rows.append(row + [percent(np.nanmean([e[part]["classes"][c] for e in entries]))
                           for c in classes])
    return table(["model", "F1 per packet", "first", "last", "false positives", *classes], rows)


def numbers_table(results, part):
    columns = list(results[0][part]["numbers"])
    rows = [[model] + [percent(np.mean([e[part]["numbers"][n] for e in entries])) for n in columns]
            for model, entries in grouped(results, "model")]
    return table(["F1 by packet number", *columns], rows)


def all_models(results):
    text = "## All models, lab set\n\n" + scores_table(results, "lab") + "\n"
    text += numbers_table(results, "lab")
    if "recordings" in results[0]:
        text += "\n## All models, recordings\n\n" + scores_table(results, "recordings") + "\n"
        text += numbers_table(results, "recordings")
    rows = [[model, spread([e["corpus"] for e in entries])]
            for model, entries in grouped(results, "model")]
    return text + "\n## Parser corpus: packets called an attack\n\n" + table(["model", "%"], rows)


def without(results):
    rows = [[what] + [percent(e["lab"]["packet"]) for e in entries]
            for what, entries in grouped(results, "without")]
    return ("## Without ports, without direction (lab, F1 per packet)\n\n"
            + table(["features", *(e["model"] for e in results[:3])], rows))


def left_out_captures(results):
    rows = [[e["capture"], e["packets"]] + [percent(v) for m in ("nn", "dt") for v in e[m]]
            for e in results]
    return ("## A DDoS capture left out of training\n\n"
            + table(["capture", "packets", "nn: its class %", "nn: any attack %",
                     "dt: its class %", "dt: any attack %"], rows))


def unseen_devices(results):
    total = sum(e["packets"] for e in results)
    rows = [[", ".join(e["devices"]), e["packets"]]
            + [f"{100 * e[m]:.2f}" for m in ("nn", "dt", "forest")] for e in results]
    rows.append(["all", total] + [f"{100 * sum(e[m] * e['packets'] for e in results) / total:.2f}"
                                  for m in ("nn", "dt", "forest")])
    return ("## False positives on devices left out of training\n\n"
            + table(["devices", "packets", "nn %", "dt %", "forest %"], rows))


def mqtt(results):
    text = "## mqttset\n\nTrained and tested on it alone; no shipped model is.\n"
    for what, entries in grouped(results, "features"):
        text += f"\n### {what}\n\n" + scores_table(entries, "mqttset")
    return text


def shipped(results):
    text = "## The shipped files\n"
    for name, entry in results.items():
        parts = [p for p in ("lab", "recordings") if p in entry]
        text += (f"\n### {name}.q8\n\nPackets of the parser corpus called an attack: "
                 f"{percent(entry['corpus'])} %.\n\n")
        text += table(["set", "F1 per packet", "first", "last", "false positives",
                       "moved flood: found", "… as flood"],
                      [[p] + [percent(entry[p][c]) for c in ("packet", "first", "last",
                                                             "false_positives")]
                       + [percent(entry[p]["moved_flood"][i]) for i in (1, 0)] for p in parts])
        text += "\n" + table(["first SYN to"] + [f"{p}: {w}" for p in parts
                                                 for w in ("SYNs", "called an attack %", "all SYNs "
                                                           "moved there %")],
                             [[service] + [v for p in parts for v in (
                                 entry[p]["first_syn"][service][0],
                                 percent(entry[p]["first_syn"][service][1]),
                                 percent(entry[p]["first_syn"][service][2]))]
                              for service in entry[parts[0]]["first_syn"]])
        text += "\n" + table(["corpus capture", "called an attack", "packets"],
                             [[c, wrong, total] for wrong, total, c in entry["corpus_worst"] if wrong])
    return text


def page(results):
    """results: {table name: what report.py found}."""
    return INTRO + "".join("\n" + globals()[name](found) for name, found in results.items())
