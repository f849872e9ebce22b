#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The page that `afxdp-bench report` writes, rendered in headless Chromium, wide and narrow, light
and dark: nothing is cut off or sticks out, every colour belongs to the theme, text can be read."""

import html
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

PROBE = """<script>addEventListener('load', () => {
const bad = [], root = document.documentElement;
for (const details of document.querySelectorAll('details')) details.open = true;
if (root.scrollWidth > innerWidth) bad.push(`page of ${root.scrollWidth} in ${innerWidth}`);
const name = e => `${e.tagName} ${e.id} ${(e.textContent || '').trim().slice(0, 40)}`;
for (const e of document.querySelectorAll('body *')) {
  const box = e.getBoundingClientRect(), svg = e.closest('svg');
  if (!box.width && !box.height || e.closest('defs, clipPath, script, style, .wide > *')) continue;
  const around = svg && e !== svg ? svg.getBoundingClientRect() : {left: 0, right: innerWidth, top: 0, bottom: 1e9};
  if (!e.closest('[clip-path]') && (box.left < around.left - 1 || box.right > around.right + 1 ||
      (svg && (box.top < around.top - 1 || box.bottom > around.bottom + 1))))
    bad.push(`sticks out: ${name(e)}`);
  if (!svg && getComputedStyle(e).overflowX === 'hidden' && e.scrollWidth > e.clientWidth + 1)
    bad.push(`cut off: ${name(e)}`);
  for (const kind of ['fill', 'stroke'])
    if (svg && /^rgb\\(1, 2, /.test(getComputedStyle(e)[kind])) bad.push(`colour of no theme: ${name(e)}`);
}
const light = colour => { const [r, g, b] = colour.match(/[0-9.]+/g).map(v => (v /= 255) <= .04045
  ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b; };
const style = getComputedStyle(document.body), paper = light(style.backgroundColor);
const legible = colour => { const ink = light(colour);
  return (Math.max(ink, paper) + .05) / (Math.min(ink, paper) + .05); };
for (const e of document.querySelectorAll('p, td, th, h1, h2, a, summary'))
  if (legible(getComputedStyle(e).color) < 4.5) bad.push(`can't be read: ${name(e)}`);
for (const e of document.querySelectorAll('svg path'))
  if (!e.closest('defs, clipPath')) { const fill = getComputedStyle(e).fill;
    if (fill.startsWith('rgb(') && legible(fill) < 2) bad.push(`can't be seen: ${fill}`); }
const out = document.createElement('pre'); out.id = 'probe';
out.textContent = JSON.stringify({bad, paper, plots: document.querySelectorAll('svg').length});
document.body.append(out);
})</script>"""


def rows():
    """Of every part as many as the benchmarks give, with long names and wide spreads."""
    loads = (1, 1000, 100000, 1000000, "new")
    steps = ("receive", "parse", "hash", "find", "update", "classify", "policy", "give away", "all")
    spread = {"ns_p10": 20.0, "ns_p90": 90.0}
    memory = {"variant": "avx512vbmi", "ns": 33.3, "floor_ns": 3.0, "floor_from": "a floor", **spread}
    return {
        "classify": [{"what": what, **memory, "variant": variant, "batch": batch}
                     for what in ("nn 12-32-32-5", "dt depth 10")
                     for variant in ("scalar", "avx2", "avx512vnni", "avx512vbmi")
                     for batch in (1, 8, 64, 256)],
        "pipeline": [{"what": what, **memory, "flows": flows}
                     for what in ("none", "dt", "nn", "nn of 28") for flows in loads],
        "stages": [{"what": what, **memory, "flows": flows, "step": step}
                   for what in ("nn", "nn of 28") for flows in loads for step in steps],
        "alternatives": [{"what": "xgboost 5 x depth 10", "runtime": runtime, "batch": 4096, "ns": 527.1,
                          "ns_min": 400.0, "ns_max": 9000.0, "times_ours": 38.0}
                         for runtime in ("XGBoost C API", "afxdp-engine avx512vbmi")],
        "capture": [{"what": what, **memory, "ns": 78.3, "packets": 1000000, "flows": 104253, "ns_min": 70.0,
                     "ns_max": 700.0, "own_ns": 70.0, "start_ms": 5.0} for what in ("none", "nn")],
        "kernel": [{"what": what, **memory, "variant": variant, "flows": flows,
                    "ns": 80.0 if flows == 1048576 else 33.3}
                   for what, variant in (("xdp drop", "drop"), ("dt depth 10", "tree"),
                                         ("nn 12-16-16-2", "tailcall"), ("nn 12-16-16-2", "single"))
                   for flows in (1024, "new", 1048576)],
        "wire": [{"table": table, "what": "engine, model, exact arrival times", "pps": 1243000,
                  "pps_min": 965000, "pps_max": 4044000} for table in ("receive", "queues")],
        "lossless": [{"table": table, "what": what, "lossless_pps": 31000, "lossless_pps_min": 20000,
                      "lossless_pps_max": 2044000, "pps": 1584000, "offered_pps": 4044000,
                      "memory_mib": memory_mib, "own_packets": 4321000, "own_dropped": 1234,
                      "flow_pages": "reserved 2 MiB", "packet_pages": "ordinary", "tolerance": 0.001, "seconds": 0.5,
                      **{f"{place}_{kind}": 100 for place in ("taking", "sending")
                         for kind in ("user", "system", "softirq")}}
                     for table, what, memory_mib in (
                         ("system", "in the kernel, network, one program", 288.1),
                         ("system", "XDP_DROP, nothing else", None), ("size", "1518 bytes", 190.0),
                         ("queues", "2 queues", 353.0),
                         ("traffic", "a SYN flood, each of another host", 190.0))],
        "detection": [{"what": model, "feature_set": 2, "class": name, "packets": 3431, "precision": 0.8,
                       "recall": 0.9, "f1": f1, "accuracy": 0.9, "macro_f1": 0.9,
                       "false_positives": 0.01} for model in ("nn.q8", "bt.q8")
                      for name, f1 in (("benign", 0.99), ("portscan", None))],
        "latency": [{"what": way, "share": share, "pps": 145043, "lost": 0, "packets": 9,
                     "median_ns": 1400, "p99_ns": 3997700, "p999_ns": 29360100, "max_ns": 29677600}
                    for way in ("generator to verdict", "generator to sink")
                    for share in (10, 50, 90)],
    }


def check(condition, message):
    if not condition:
        sys.exit(f"page_test.py: {message}")


def probe(page, folder, width, dark):
    """What the probe says of a page."""
    path = folder / "probed.html"
    path.write_text(page.replace("</body>", PROBE + "</body>"))
    done = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/profile",
         f"--blink-settings=preferredColorScheme={0 if dark else 1}", f"--window-size={width},2000",
         "--dump-dom", path.as_uri()],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)
    said = re.search(r'<pre id="probe">(.*?)</pre>', done.stdout, re.S)
    check(said, f"Chromium ended with {done.returncode}: {done.stderr[-500:]}")
    return json.loads(html.unescape(said[1]))


def main():
    if not shutil.which("chromium"):
        print("page_test.py: chromium is missing (package chromium)")
        return 77
    try:
        import report_page # pylint: disable=import-outside-toplevel
    except ImportError as problem:
        print(f"page_test.py: {problem} (package python3-matplotlib)")
        return 77
    found = {part: ({"rows": of_part}, None) for part, of_part in rows().items()}
    found["lossless"][0]["missing"] = ["Suricata over AF_XDP: none here"]
    page = report_page.document(found, [("processor", "one <of> a kind"), ("cores", "2")],
                                "afxdp-bench report -o report.html")
    check("one &lt;of&gt; a kind" in page, "the machine's words aren't escaped")
    check("aim" not in page, "aims on a user's page")
    check("src=" not in page and "<link" not in page, "the page needs something beside it")
    for word in ("800,000", "450,000", "15.0 million", "python3-sklearn", "python3-torch", "dpdk-testpmd", "was noisy",
                 "Suricata over AF_XDP: none here", "31 without loss", "At most 0.1 % lost", "4,321,000 packets",
                 "Flow tables of the engine&#x27;s rows lay in reserved 2 MiB pages", "What they find"):
        check(word in page, f"the page doesn't say '{word}'")
    left_out = report_page.document({"wire": (None, "no root")}, [("cores", "2")], "report")
    check("Not measured: no root." in left_out, "a part that is missing has no reason")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for width, dark in ((1100, False), (1100, True), (500, True)):
            said = probe(page, folder, width, dark)
            theme = f"{'dark' if dark else 'light'}, {width} wide"
            check(not said["bad"], f"{theme}: {said['bad'][:5]}")
            check((said["paper"] < 0.1) == dark, f"{theme}: paper of {said['paper']}")
            check(said["plots"] == 20, f"{theme}: {said['plots']} plots")
        broken = page.replace("<h2>", '<p style="width: 3000px">too wide</p><h2>', 1)
        broken = re.sub(r'viewBox="0 0 \S+', 'viewBox="0 0 50', broken, count=1)
        broken = broken.replace("fill: var(--c0)", "fill: #010203", 1)
        broken = broken.replace("--soft: #57606a", "--soft: #eee")
        words = " ".join(probe(broken, folder, 1100, False)["bad"])
        for wanted in ("page of 3", "sticks out: P ", "sticks out: g ", "colour of no theme",
                       "can't be read"):
            check(wanted in words, f"nobody notices '{wanted}' among {words[:300]}")
    print("page_test.py: wide and narrow, light and dark")
    return 0


if __name__ == "__main__":
    sys.exit(main())
