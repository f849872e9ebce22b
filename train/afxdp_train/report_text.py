# SPDX-License-Identifier: BSD-2-Clause
"""The results of report.py as the page docs/models/evaluation.md."""

import numpy as np

from . import captured, recordings

INTRO = """# Evaluation of the shipped models

Written by `train/report.py --data ../shared/data --tables shipped scenarios ablation queues
unseen_devices left_out_captures all_models`; the pages of the models say what the figures mean.

- *lab*: the test part of the lab set, of the same captures as its training part. *recordings*, *busy*:
  two runs each of our own recorder (seeds {}) that trained nothing and chose nothing, no recipe and
  no model; *busy* is of hosts that look like attackers to whoever counts their flows, and of attacks
  of hundreds of flows. *worlds*: the scenarios of both, mixed anew, so that no address belongs to one
  of them. *mixed*: the capture that ships.
- The recipe was developed looking at the lab test part, the shipped capture and recordings of other
  seeds; the seeds of the shipped files were chosen by validation captures alone.
- `nn`, `dt` and `bt` read feature set 2, `nn1` and `dt1` set 1.
- F1 is macro-F1 in percent, of the classes that occur or are given; "first" counts the first packet
  of each flow only, "last" its last; ± is the standard deviation over the seeds.
- The tables behind the shipped files are of models trained for them, with feature set 2 where nothing
  else is said, on one flow in eight of recordings and worlds, so that they take minutes: compare them
  with each other. Only the devices left out are asked of models trained on all flows.
- Integer networks are fine-tuned in the engine's arithmetic. `nn-16` has two layers of 16, the forest
  10 trees, `bt` 45; XGBoost has 100 rounds of depth 8, 500 trees; all see the same rows. `dt.q8` was
  trained on worlds in which nobody says more or less, and which suit a single tree better on recordings.
  "All models" are of seeds 0, 1 and 2, other tables of seed 0.
""".format(" and ".join(map(str, recordings.FRESH)))


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


def scenarios(results):
    """Benign scenarios by false positives, attacks by what was found."""
    models = [name for name in results[0] if name not in ("scenario", "label", "packets")]
    text = "## The shipped files, by scenario of the recordings\n\n"
    benign = sorted((e for e in results if e["label"] == "benign"), key=lambda e: -e[models[0]][1])
    attacks = sorted((e for e in results if e["label"] != "benign"),
                     key=lambda e: (e["label"], e[models[0]][1]))
    shown = [e for e in benign if max(e[m][1] for m in models) >= 0.01]
    text += table(["benign scenario", "packets", *(f"{m}: called an attack %" for m in models)],
                  [[e["scenario"], e["packets"], *(percent(e[m][1]) for m in models)]
                   for e in shown])
    text += f"\nThe other {len(benign) - len(shown)} benign scenarios are below 1 % with all.\n\n"
    return text + table(["attack", "class", "packets", *(f"{m}: {what}" for m in models for what in
                                                         ("its class %", "any attack %"))],
                        [[e["scenario"], e["label"], e["packets"],
                          *(percent(v) for m in models for v in e[m])] for e in attacks])


PARTS = ("lab", "recordings", "busy", "worlds")


def ablation(results):
    """Models that may look at the flow alone beside models that see its hosts too."""
    text = ("## The flow alone, and the flow and its hosts\n\nThe same rows, weights, shapes and "
            "seed; only what a model may look at differs.\n\n")
    rows, classes = [], list(results[0]["lab"]["classes"])
    for model, of in grouped(results, "model"):
        for what, entries in grouped(of, "features"):
            for part in PARTS:
                rows.append([model, what, part] + [
                    spread([e[part][cut] for e in entries])
                    for cut in ("packet", "first", "last", "false_positives")] + [
                    percent(np.nanmean([e[part]["classes"][c] for e in entries]))
                    for c in classes])
    return text + table(["model", "features", "set", "F1 per packet", "first", "last",
                         "false positives", *classes], rows)


def queues(results):
    text = ("## Several queues\n\nSeed {} as so many workers take it, each up to 64 packets or 10 ms "
            "behind, with one host memory: what changes is only when a host's flows are seen. "
            "*same*: verdicts as with one queue.\n\n").format(recordings.FRESH[0])
    models = list(dict.fromkeys(e["model"] for e in results))
    rows = []
    for (part, count), of in grouped([{**e, "key": (e["set"], e["queues"])} for e in results], "key"):
        its = {e["model"]: e for e in of}
        rows.append([part, count, *(percent(its[m][what]) for m in models
                                    for what in ("packet", "false_positives", "same"))])
    return text + table(["set", "queues", *(f"{m}: {what}" for m in models for what in (
        "F1 per packet", "false positives", "same %"))], rows)


def delays(entry):
    found = entry["delays"].items()
    return table(["set", "attacks", *(f"{what}: {of}" for what in ("called one", "half called one")
                                      for of in ("of attacks %", "packets, median", "nine in ten"))],
                 [[part, of["scenarios"], *(v for when in ("first", "half") for v in (
                     percent(of[when]["share"]), of[when]["median"], of[when]["nine_in_ten"]))]
                  for part, of in found]) + "\n" + table(
        ["set", "flows of attacks", "called one at the first packet %", "within three %", "ever %"],
        [[part, of["flows"], *(percent(of[f"flows_{when}"]) for when in ("first", "soon", "ever"))]
         for part, of in found])


def all_models(results):
    text = ""
    for part in PARTS:
        text += f"## All models, {part}\n\n" + scores_table(results, part) + "\n"
        text += numbers_table(results, part) + "\n"
    rows = [[model, spread([e["corpus"] for e in entries])]
            for model, entries in grouped(results, "model")]
    return text + "## Parser corpus: packets called an attack\n\n" + table(["model", "%"], rows)


def without(results):
    rows = [[what] + [percent(e["lab"]["packet"]) for e in entries]
            for what, entries in grouped(results, "without")]
    return ("## Without ports, without direction (lab, F1 per packet)\n\n"
            + table(["features", *(e["model"] for e in results[:3])], rows))


def by_model(results, key):
    """{value of key: {model: entry}}, in order."""
    return {value: {e["model"]: e for e in entries} for value, entries in grouped(results, key)}


def left_out_captures(results):
    rows = []
    for capture, of in by_model(results, "capture").items():
        row = [capture, of["nn"]["packets"]]
        for model in ("nn", "dt", "bt"):
            moved = of[model]["moved"]
            row += [percent(of[model]["own"]), percent(of[model]["attack"]),
                    percent(moved and moved[0])]
        rows.append(row)
    return ("## A DDoS capture left out of training\n\nShare of its packets that get its class, and "
            "any attack's; of floods also the share called flood after every flow's service port "
            "became a random one.\n\n"
            + table(["capture", "packets", *(f"{m}: {what}" for m in ("nn", "dt", "bt") for what in (
                "its class %", "any attack %", "moved %"))], rows))


def unseen_devices(results):
    rows, models = [], ("nn", "dt", "bt")
    for entry in results:
        entry["group"] = ", ".join(entry["devices"])
    groups = by_model(results, "group")
    for group, of in groups.items():
        rows.append([group, of["nn"]["packets"],
                     *(f"{100 * of[m]['false_positives']:.2f}" for m in models)])
    packets = np.array([of["nn"]["packets"] for of in groups.values()])
    shares = [np.array([of[m]["false_positives"] for of in groups.values()]) for m in models]
    rows.append(["**all**", packets.sum(),
                 *(f"**{100 * (share @ packets) / packets.sum():.2f}**" for share in shares)])
    return ("## False positives on devices left out of training\n\nEach line: trained without these "
            "devices, but on all else that the shipped files are trained on (seed 0), then asked for "
            "all of their packets.\n\n"
            + table(["devices", "packets", *(f"{m} %" for m in models)], rows))


def ssh(results):
    cuts = results[0]["right"]
    return ("## Guessed passwords against logins over SSH\n\nModels that learned nothing else, from "
            "the recordings, both sides weighted alike: share of packets judged right in recordings "
            "they never saw. 50 on both sides is guessing.\n\n"
            + table(["scenario", "packets", *(e["model"] for e in results)],
                    [[cut, cuts[cut][1], *(percent(e["right"][cut][0]) for e in results)]
                     for cut in cuts]))


def mqtt(results):
    text = "## mqttset\n\nTrained and tested on it alone; no shipped model is.\n"
    for what, entries in grouped(results, "features"):
        text += f"\n### {what}\n\n" + scores_table(entries, "mqttset")
    return text


def shipped(results):
    text = "## The shipped files\n"
    for name, entry in results.items():
        parts = [p for p in (*PARTS, "mixed") if p in entry]
        text += (f"\n### {name}.q8\n\nPackets of the parser corpus called an attack: "
                 f"{percent(entry['corpus'])} %.\n\n")
        text += table(["set", "F1 per packet", "first", "last", "right", "false positives",
                       "moved flood: found", "… as flood"],
                      [[p] + [percent(entry[p][c]) for c in ("packet", "first", "last", "right",
                                                             "false_positives")]
                       + [percent(entry[p]["moved_flood"][i]) for i in (1, 0)] for p in parts])
        text += "\n" + table(["F1 by class", *captured.CLASSES],
                             [[p] + [percent(entry[p]["classes"][c]) for c in captured.CLASSES]
                              for p in parts])
        text += "\n" + table(["first SYN of a host that has asked nobody else", *parts],
                             [["SYNs"] + [entry[p]["first_contact"][0] for p in parts],
                              ["called an attack %"]
                              + [percent(entry[p]["first_contact"][1]) for p in parts],
                              ["worst of ten services, each with ten or more %"]
                              + [percent(entry[p]["first_contact"][2]) for p in parts]])
        text += "\n" + table(["first SYN to"] + [f"{p}: {w}" for p in parts
                                                 for w in ("SYNs", "called an attack %", "all SYNs "
                                                           "moved there %")],
                             [[service] + [v for p in parts for v in (
                                 entry[p]["first_syn"][service][0],
                                 percent(entry[p]["first_syn"][service][1]),
                                 percent(entry[p]["first_syn"][service][2]))]
                              for service in entry[parts[0]]["first_syn"]])
        text += ("\nHow soon an attack shows: packets until one is called an attack, and from which on at "
                 "least half of those so far are.\n\n") + delays(entry)
        text += "\n" + table(["corpus capture", "called an attack", "packets"],
                             [[c, wrong, total] for wrong, total, c in entry["corpus_worst"] if wrong])
    return text


def page(results):
    """results: {table name: what report.py found}."""
    return INTRO + "".join("\n" + globals()[name](found) for name, found in results.items())
