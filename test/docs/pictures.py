#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The pictures of docs/pictures say what draw.py makes of them, and a page shows each. Only words are
compared: where they stand may differ by a point from one matplotlib to the next."""

import importlib.util
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "pictures"


def words(path):
    return re.findall(r"<text [^>]*>([^<]*)</text>", path.read_text(encoding="utf-8"))


def main():
    if importlib.util.find_spec("matplotlib") is None:
        print("skipped: this Python has no matplotlib")
        return 77
    pages = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs").glob("*.md"))
    there = sorted(path.name for path in FOLDER.glob("*.svg"))
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, FOLDER / "draw.py", folder], check=True, timeout=60)
        made = sorted(path.name for path in pathlib.Path(folder).glob("*.svg"))
        if made != there or not made:
            print(f"draw.py makes {made}, and there are {there}")
            return 1
        for name in made:
            if not words(FOLDER / name) or words(FOLDER / name) != words(pathlib.Path(folder, name)):
                print(f"docs/pictures/{name} isn't what draw.py makes: run it")
                wrong += 1
            if not re.search(rf"!\[[^\]]{{20,}}\]\(pictures/{re.escape(name)}\)", pages):
                print(f"no page shows docs/pictures/{name} with a text in its place")
                wrong += 1
    print(f"{len(made)} pictures, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
