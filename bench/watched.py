#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The engine on the wire, watched by all who can, beside itself alone.

BPF live frames go into one end of a veth pair from one core; on the other core the engine takes
them out of the other end by AF_XDP in copy mode. Watched, it writes events into a file at its rate
(--eve), is scraped once a second (--metrics), has a live view (top) and is asked for its flows once
a second (ctl flows); all of them have the same two cores. Runs take turns in random order, and some
seconds, since those who watch take a moment to start. Needs root, two cores and a lab
(test/lab.sh)."""

import argparse
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import wire

PORT = 9469
ENGINE = str(wire.BUILD / "bin/afxdp-engine")
SCRAPER = f"""
import time, urllib.request
while True:
    urllib.request.urlopen("http://127.0.0.1:{PORT}/metrics", timeout=5).read()
    time.sleep(1)
"""
ASKER = f"while {ENGINE} ctl flows -i eng0 --json; do sleep 1; done"


class Watched(wire.Engine):
    @contextlib.contextmanager
    def watchers(self, lab):
        commands = (("/usr/bin/python3", "-c", SCRAPER), ("sh", "-c", ASKER),
                    (ENGINE, "top", "-i", "eng0", "--batch"))
        started = [subprocess.Popen(lab.command("eng", *command), stdout=subprocess.DEVNULL,
                                    start_new_session=True) for command in commands]
        try:
            yield
        finally:
            gone = [watcher.args for watcher in started if watcher.poll() is not None]
            for watcher in started:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(watcher.pid, wire.signal.SIGTERM)
                watcher.wait(timeout=10)
        if gone:
            sys.exit(f"watched.py: {gone[0][-3:]} ended before the traffic did")


def main():
    wire.take_signals()
    parser = argparse.ArgumentParser(prog="afxdp-bench watched", description=__doc__)
    parser.add_argument("--model", default="nn.q8")
    options = wire.read_options(parser, packets=20_000_000)
    if subprocess.run([wire.LAB, "check"]).returncode != 0:
        return 1

    alone = ("--consume", "--model", options.model)
    with tempfile.TemporaryDirectory() as folder, wire.Lab() as lab:
        cases = [Watched("watched", *alone, "--eve", pathlib.Path(folder, "eve.json"),
                         "--metrics", PORT),
                 wire.Engine("alone", *alone)]
        rows = list(wire.compare(lab, cases, options.rounds, options))
    if options.json:
        print(json.dumps({"rows": rows}, indent=1))
        return 0
    wire.show("Taking packets in; first/this: of the rate alone, what is left of it watched", rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
