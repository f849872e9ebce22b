#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The functions and files that docs/design.md names on the ways of a packet and of a model are there."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def section(text, title):
    start = text.index(f"## {title}\n")
    return text[start:text.index("\n## ", start + 1)]


def main():
    page = (ROOT / "docs/design.md").read_text()
    listed = subprocess.run([ROOT / "test/lint/sources.sh", "all"], check=True, text=True,
                            capture_output=True).stdout.split()
    sources = [ROOT / name for name in listed if not name.startswith(("test/", "bench/"))]
    code = "\n".join(path.read_text() for path in sources if path.suffix in (".c", ".h"))
    code += "\n".join(path.read_text() for path in ROOT.glob("*/*.bpf.c"))
    defined = set(re.findall(r"^(?:[\w*]+ )+\*?(\w+)\(", code, re.M))
    files = {str(path.relative_to(ROOT)) for path in sources}
    files |= {str(path.relative_to(ROOT)) for path in ROOT.glob("**/*.bpf.c")}
    missing, seen = [], 0
    for title in ("The way of a packet", "The way of a model"):
        for name in re.findall(r"`([^`]+)`", section(page, title)):
            if re.fullmatch(r"[a-z]\w+_\w+", name):
                known = name in defined
            elif name.endswith((".c", ".h")):
                known = any(path == name or path.endswith("/" + name) for path in files)
            elif name.endswith("/"):
                known = (ROOT / name).is_dir()
            else:
                continue
            seen += 1
            if not known:
                missing.append(f"docs/design.md, {title}: there is no {name}")
    print("\n".join(missing + [f"{seen} names, {len(missing)} missing"]))
    return 1 if missing or seen < 40 else 0


if __name__ == "__main__":
    sys.exit(main())
