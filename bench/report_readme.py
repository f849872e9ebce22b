# SPDX-License-Identifier: BSD-2-Clause
"""The README's table of numbers from a report's rows (report.py)."""

HEAD = "| what | afxdp-engine | alternatives |\n|---|---|---|\n"


def figure(ns):
    return f"{ns:.1f}" if ns < 9.95 else f"{ns:,.0f}"


class Rows:
    """Of one part; the fastest of those that have such values."""

    def __init__(self, found, part):
        content, why = found.get(part, (None, "not asked for"))
        if not content:
            raise ValueError(f"{part}: {why}")
        self.part, self.rows = part, content["rows"]

    def ns(self, **wanted):
        values = [row["ns"] for row in self.rows
                  if all(row[key] == value for key, value in wanted.items())]
        if not values:
            raise ValueError(f"{self.part}: no row with {wanted}")
        return figure(min(values))


def lines(found):
    classify, pipeline, kernel, others = (Rows(found, part) for part in (
        "classify", "pipeline", "kernel", "alternatives"))
    table = []
    for what in ("12-32-32-5", "12-16-16-2"):
        of = {variant: classify.ns(what=f"nn {what}", variant=variant, batch=64)
              for variant in ("avx512vbmi", "avx2", "scalar")}
        table.append((f"network {what}, batch of 64", f"{of['avx512vbmi']} with AVX-512, {of['avx2']} "
                      f"with AVX2, {of['scalar']} in plain C", ""))
    tree = {variant: classify.ns(what="dt depth 10", variant=variant, batch=64)
            for variant in ("avx512vbmi", "interleaved")}
    sklearn, boosted = ({batch: others.ns(runtime=name, batch=batch) for batch in (64, 4096)}
                        for name in ("scikit-learn tree_.apply", "XGBoost C API"))
    ours = {variant: others.ns(what="xgboost 5 x depth 10", runtime=f"afxdp-engine {variant}", batch=64)
            for variant in ("avx512vbmi", "interleaved")}
    table += [("tree of depth 10, batch of 64",
               f"{tree['avx512vbmi']} with AVX-512, {tree['interleaved']} on any CPU",
               f"scikit-learn's `tree_.apply`: {sklearn[64]}, in batches of 4,096: {sklearn[4096]}"),
              ("XGBoost's 5 trees of depth 10, batch of 64",
               f"{ours['avx512vbmi']} with AVX-512, {ours['interleaved']} on any CPU",
               f"XGBoost's C API: {boosted[64]}, in batches of 4,096: {boosted[4096]}"),
              ("frame in memory to verdict, network 12-32-32-5, 1,000 flows",
               pipeline.ns(what="nn", flows=1000), ""),
              ("the same, 1,000,000 flows", pipeline.ns(what="nn", flows=1000000), ""),
              ("the same, every packet a new flow, table full", pipeline.ns(what="nn", flows="new"), ""),
              ("the same three with what hosts do (feature set 2), network 28-32-32-5",
               ", ".join(pipeline.ns(what="nn of 28", flows=flows) for flows in (1000, 1000000, "new")),
               "")]
    for what, name in (("inside XDP, parse to verdict: tree of depth 10", "dt depth 10"),
                       ("inside XDP: network 12-16-16-2", "nn 12-16-16-2"),
                       ("inside XDP: network 12-32-32-5", "nn 12-32-32-5"),
                       ("inside XDP, with what hosts do: tree of depth 10", "dt of 28 depth 10"),
                       ("inside XDP, with what hosts do: network 28-32-32-5", "nn 28-32-32-5")):
        table.append((what, kernel.ns(what=name, flows=1024), ""))
    return "".join(f"| {what} | {here} | {there} |\n".replace("|  |", "| |")
                   for what, here, there in table)


def replaced(text, found):
    """The README with these numbers; ValueError where it has no such table, or a row is missing."""
    before, head, after = text.partition(HEAD)
    if not head:
        raise ValueError("it has no table of numbers")
    while after.startswith("|"):
        after = after.partition("\n")[2]
    return before + head + lines(found) + after
