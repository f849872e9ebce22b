#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The five commands of docs/models/README.md, as they stand there, from a capture to a live engine.

test/docs/run_docs.py runs them too; here the live engine gets traffic and must classify it.
"""

import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "docs"))

import run_docs

ROOT = run_docs.ROOT
PAGE = ROOT / "docs" / "models" / "README.md"
HEADING = "## From your own captures to a running engine"
CAPTURE = ROOT / "test" / "captures" / "mixed.pcap"
SECONDS = 60  # for the engine to start, and to end


def commands():
    """The commands of the section, and which of them are live."""
    page = PAGE.read_text(encoding="utf-8")
    section = page[page.index(HEADING) + len(HEADING):].partition("\n## ")[0].splitlines()
    found = []
    for language, words, first, last in run_docs.blocks(section):
        if language == "sh":
            found += [(line, "live" in words) for line in section[first:last]]
    return found


def classified(report):
    """Packets by class, from the engine's text."""
    lines = report.partition("\n  class ")[2].partition("\n\n")[0].splitlines()[1:]
    return {name: int(count.replace(",", ""))
            for name, count in re.findall(r"^  ([\w-]+) +([\d,]+) ", "\n".join(lines), re.MULTILINE)}


def watch(command, folder, environment, lab):
    """Runs the live command while the capture is sent to it; its exit status and what it printed."""
    with open(folder / "engine.txt", "w+", encoding="utf-8") as output:
        engine = subprocess.Popen(
            [ROOT / "test" / "lab.sh", "exec", lab.name, "eng", "bash", "-c", command], cwd=folder,
            env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            end = time.monotonic() + SECONDS
            while ": running" not in (folder / "engine.txt").read_text(encoding="utf-8"):
                if engine.poll() is not None or time.monotonic() > end:
                    break
                time.sleep(0.05)
            status = lab.call("exec", lab.name, "gen", "afxdp-generate", "--iface", "gen0", "--pcap",
                              str(CAPTURE), "--rate", "5000")
            assert status == 0, f"afxdp-generate ended with {status}"
            time.sleep(0.5)
            os.killpg(engine.pid, signal.SIGINT)
            engine.wait(timeout=SECONDS)
        finally:
            if engine.poll() is None:
                os.killpg(engine.pid, signal.SIGKILL)
                engine.wait()
        output.seek(0)
        return engine.returncode, output.read()


def main():
    listed = commands()
    assert [live for _, live in listed] == [False] * 4 + [True], listed
    build = pathlib.Path(os.environ.get("AFXDP_BUILD", ROOT / "build")).resolve()
    with tempfile.TemporaryDirectory(prefix="afxdp-walk-") as name:
        folder = pathlib.Path(name)
        environment = run_docs.sandbox(folder, build)
        printed = []
        for command, _ in listed[:4]:
            status, output = run_docs.run(command, folder, environment)
            assert status == 0, f"'{command}' ended with {status}:\n{output}"
            printed.append(output)
        # The rows it was trained on: a model that learned nothing has about 0.13.
        macro = float(re.search(r"^macro +\d+ +([\d.]+)$", printed[3], re.MULTILINE)[1])
        assert macro > 0.8, printed[3]
        assert "by packet number" in printed[3], printed[3]
        print(f"four commands ran; macro-F1 {macro} on the training rows")

        lab = run_docs.Lab(environment)
        lab.name = f"walk{os.getpid() % 100000}"
        try:
            if not lab.up():
                print("skipped: the fifth command needs root and network namespaces")
                return 77
            status, report = watch(listed[4][0], folder, environment, lab)
        finally:
            lab.down()
        assert status == 0, f"'{listed[4][0]}' ended with {status}:\n{report}"
        found = classified(report)
        assert {"benign", "amplification", "bruteforce", "flood", "portscan"} <= set(found), report
        other = found.pop("other") + found.pop("malformed")
        # Of 7,319 frames that fit, 7,185 are IP; a veth may lose some under load.
        assert sum(found.values()) > 5000 and min(found.values()) > 0, report
        print(f"the fifth command classified {sum(found.values())} packets, {other} were none: "
              f"{found}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
