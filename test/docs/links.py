#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Every link of a document that leads into the repository leads somewhere, its #heading too, and
every `path/to/file.ext` that is named in one is there. usage: links.py FILE.md..."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def anchors(path):
    """GitHub's names for the headings of a document."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def check(path):
    text = path.read_text()
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        if not file.exists():
            yield f"link to {target}: no such file"
        elif anchor and anchor not in anchors(file):
            yield f"link to {target}: no such heading"
    prose = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    for name in re.findall(r"`((?:engine|xsk|nn|dt|bench|test|docs|train|deps|models)/[\w./-]+)`",
                           prose):
        if not (ROOT / name).exists():
            yield f"names {name}: no such file"


def main():
    breaches = 0
    for name in sys.argv[1:]:
        for breach in check((ROOT / name).resolve()):
            print(f"{name}: {breach}")
            breaches += 1
    print(f"{len(sys.argv) - 1} documents, {breaches} breaches")
    return 1 if breaches or len(sys.argv) < 2 else 0


if __name__ == "__main__":
    sys.exit(main())
