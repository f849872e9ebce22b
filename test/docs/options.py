#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""docs/cli.md and the programs know the same options. usage: options.py BUILD"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def documented():
    """program -> options named in the first column of its section's tables."""
    found, program = {}, None
    for line in (ROOT / "docs/cli.md").read_text().splitlines():
        heading = re.match(r"## `?(afxdp-\w+)`?", line)
        if heading:
            program = heading[1]
            found[program] = set()
        elif program and line.startswith("|"):
            found[program] |= set(re.findall(r"--[a-z][\w-]*", line.split("|")[1]))
    return found


def offered(program):
    help_text = subprocess.run([program, "--help"], check=True, text=True,
                               capture_output=True).stdout
    # an option stands at the start of a line of the list; elsewhere it is only mentioned
    return set(re.findall(r"^ {2,6}(?:-\w, )?(--[a-z][\w-]*)", help_text, re.M))


def main():
    build = pathlib.Path(sys.argv[1])
    said = documented()
    programs = sorted(path for path in (build / "bin").glob("afxdp-*") if path.is_file())
    wrong = 0
    for path in programs:
        options = offered(path)
        for option in sorted(options - said.get(path.name, set())):
            print(f"docs/cli.md doesn't list {path.name} {option}")
            wrong += 1
        for option in sorted(said.get(path.name, set()) - options):
            print(f"docs/cli.md lists {path.name} {option}, which the program doesn't know")
            wrong += 1
        print(f"{path.name}: {len(options)} options")
    return 1 if wrong or not programs else 0


if __name__ == "__main__":
    sys.exit(main())
