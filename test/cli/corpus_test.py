#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""All captures of the parser corpus, whole and cut at random places: status 0 or 2, sums that hold,
never a crash or, in a sanitizer build, a report."""

import glob
import os
import random
import sys
import tempfile

import programs


def main():
    paths = sorted(glob.glob(os.path.join(programs.SHARED, "parser_corpus", "*")))
    if not paths:
        print(f"skipped: no parser_corpus below {programs.SHARED}")
        return 77
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else random.randrange(2**32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    for path in paths:
        done = programs.engine("--pcap", path, "--json", "--verdicts", "/dev/null")
        programs.report(done)
        assert done.returncode == 0, (path, done)
        with open(path, "rb") as file:
            data = file.read()
        with tempfile.NamedTemporaryFile() as cut:
            cut.write(data[:rng.randrange(len(data))])
            cut.flush()
            done = programs.engine("--pcap", cut.name, "--json")
            assert done.returncode in (0, 2), (path, done)
            assert len(done.stderr.splitlines()) <= 1 + (b"warning" in done.stderr), (path, done)
            if done.stdout:
                programs.report(done)
    print(f"{len(paths)} captures, each whole and cut")
    return 0


if __name__ == "__main__":
    sys.exit(main())
