#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""usage: newcomer.py [ROOT.tar]   Does what README.md ("Build") and docs/tutorial.md (steps 4 and 5) say,
word by word, in a fresh Debian that has nothing but sudo and git beside its standard packages: builds, records
traffic, labels it, trains a tree, and drops a scan by it. Ten minutes are allowed for it, downloads included.
What git tracks here stands for the clone. ROOT.tar is such a Debian, made as below."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test" / "docs"))

import run_docs

SECONDS = 600
MIRROR = os.environ.get("AFXDP_MIRROR", "http://deb.debian.org/debian")
CLEAN = ["/usr/bin/env", "-i", "HOME=/root", "LC_ALL=C.UTF-8", "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
         *(f"{name}={os.environ[name]}" for name in ("http_proxy",) if name in os.environ)]


def section(page, heading):
    """Its shell commands: (words behind ```sh, text) of each block."""
    text = (ROOT / page).read_text(encoding="utf-8")
    lines = text[text.index("\n" + heading) + 1:].splitlines()
    end = next((i for i, line in enumerate(lines) if i and line.startswith("## ")), len(lines))
    return [(words, "\n".join(lines[first:last]))
            for language, words, first, last in run_docs.blocks(lines[:end]) if language == "sh"]


class Newcomer:
    def __init__(self, root):
        self.root, self.spent = root, 0.0

    def run(self, commands, *prefix):
        """In the clone, by bash; what was printed."""
        print(f"$ {commands}".replace("\n", "\n$ "), flush=True)
        start = time.monotonic()
        done = subprocess.run([*prefix, "chroot", self.root, *CLEAN, "bash", "-euc",
                               f"cd /root/afxdp-engine\n{commands}"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                              timeout=1500)
        self.spent += time.monotonic() - start
        print(f"-> {done.returncode}, {time.monotonic() - start:.0f} s, {self.spent:.0f} s in all", flush=True)
        if done.returncode:
            raise SystemExit(f"{done.stdout[-4000:]}\nended with {done.returncode}")
        return done.stdout


def prepare(root, archive):
    subprocess.run(["mount", "--bind", root, root], check=True)  # a root as `ip netns exec` wants it
    subprocess.run(["tar", "-x", "-C", root, "-f", archive], check=True)
    for mounted in ("proc", "sys", "dev"):
        subprocess.run(["mount", "--rbind", f"/{mounted}", f"{root}/{mounted}"], check=True)
    shutil.copy("/etc/resolv.conf", f"{root}/etc/resolv.conf")
    os.mkdir(f"{root}/root/afxdp-engine")
    subprocess.run(["bash", "-euo", "pipefail", "-c",
                    'git ls-files -z | tar --null --files-from - -c | tar -x -C "$0"', f"{root}/root/afxdp-engine"],
                   check=True, cwd=ROOT)


def inside(folder, archive):
    """In a mount namespace of its own, which takes all mounts along when it ends."""
    root = f"{folder}/root"
    os.mkdir(root)
    prepare(root, archive)
    reader = Newcomer(root)
    blocks = [*section("README.md", "## Build"), *section("docs/tutorial.md", "## 4. "),
              *section("docs/tutorial.md", "## 5. ")]
    for words, commands in blocks:
        if words[:1] == ["setup"]:
            reader.run(commands)
    # On a network of its own, in which names of interfaces are free.
    live = "\n".join(commands for words, commands in blocks if words[:1] == ["live"])
    printed = reader.run(live, "unshare", "--net", "--mount", "sh", "-euc",
                         'ip link set lo up; mount -t sysfs sysfs "$0"/sys; exec "$@"', root)
    print(printed)
    calls = [tuple(map(int, found)) for found in re.findall(
        r"clients got (\d+) of (\d+) pages, the scanner an answer from (\d+) of (\d+) ports", printed)]
    (pages, asked, told, tried), dropped = calls
    assert pages == asked > 50 and told == tried > 100, calls
    assert dropped[0] >= 0.95 * dropped[1] and dropped[2] < 0.3 * dropped[3], calls
    assert reader.spent < SECONDS, f"took {reader.spent:.0f} s, more than {SECONDS} s"
    print(f"from a clone to a dropped scan in {reader.spent:.0f} s")


def main():
    if len(sys.argv) > 2 and sys.argv[1] == "--inside":
        inside(*sys.argv[2:])
        return 0
    for tool in ("mmdebstrap", "unshare", "ip"):
        if not shutil.which(tool):
            print(f"skipped: {tool} is not installed")
            return 77
    if os.geteuid() != 0:
        print("skipped: a root of its own needs root")
        return 77
    with tempfile.TemporaryDirectory(prefix="afxdp-newcomer-", ignore_cleanup_errors=True) as folder:
        archive = sys.argv[1] if len(sys.argv) > 1 else f"{folder}/root.tar"
        if len(sys.argv) == 1:
            subprocess.run(["mmdebstrap", "--quiet", "--include=sudo,git,ca-certificates", "bookworm", archive, MIRROR],
                           check=True)
        return subprocess.run(["unshare", "--mount", sys.executable, __file__, "--inside", folder, archive],
                              check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
