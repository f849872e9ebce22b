#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs the commands that stand in the documents, and compares what they print with what is shown.

usage: run_docs.py [--update] BUILD FILE.md...

A fenced block that opens with ```sh is run by bash in a folder that looks like the repository's
root; all blocks of a document share it. The word behind `sh` says how:

    ```sh          as it stands; it must end with 0
    ```sh fails    it must end with another status
    ```sh live     inside a lab of namespaces where eth1 and eth2 are veth ports with four queues;
                   each line is stopped after a second (SIGINT), or `sh live 3` after three; what
                   `ip netns add` names there, is there alone
    ```sh setup    installs or builds: what it names must be there and executable, nothing runs

A ```text block right behind is what the commands print, with paths from the repository's root.
Times, rates and the inference variant depend on the machine and compare as equal. --update writes
what was printed.
Exit status: 77 when a live block could not run here and all else passed.
"""

import difflib
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(\w*) ?(.*)$")
LAB = ["test/lab.sh"]


def blocks(lines):
    """(language, words, first line, last line) of each fenced block, fences not included."""
    opened = None
    for number, line in enumerate(lines):
        fence = FENCE.match(line)
        if not fence:
            continue
        if opened is None:
            opened = (fence[1], fence[2].split(), number + 1)
        else:
            yield (*opened, number)
            opened = None


def normalise(text):
    lines = []
    for line in text.strip("\n").splitlines():
        line = re.sub(r"\d[\d,.]*(?= ?(s|ms|µs|us|ns|Mpps|kpps|pps|packets/s)\b)", "#", line)
        line = re.sub(r"\((nn|dt), \w+,", r"(\1, #,", re.sub(r" +", " ", line))
        line = re.sub(r"^variants .*", "variants #", line)
        lines.append(line.rstrip())
    return lines


def compare(shown, printed):
    """None, or how what was printed differs from what is shown."""
    difference = list(difflib.unified_diff(normalise(shown), normalise(printed), "shown",
                                           "printed", lineterm=""))
    if not difference:
        return None
    return ("prints something else than is shown (if that is right: test/docs/run_docs.py --update "
            "BUILD FILE.md)\n" + "\n".join(difference))


class Lab:
    """eth1 and eth2 in a network namespace of their own, made when first asked for."""

    def __init__(self, environment):
        self.name = f"docs{os.getpid() % 100000}"
        self.environment = environment
        self.state = self.holder = None

    def call(self, *words):
        return subprocess.run(LAB + list(words), cwd=ROOT, env=self.environment, check=False,
                              stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL).returncode

    def up(self):
        if self.state is None:
            self.state = self.call("check") == 0 and self.call(
                "up", self.name, "--queues", "4", "--two-ports") == 0
            for old, new in (("eng0", "eth1"), ("eng1", "eth2")) if self.state else ():
                inside = ("exec", self.name, "eng", "ip", "link", "set")
                self.state &= not (self.call(*inside, old, "down") or
                                   self.call(*inside, old, "name", new) or
                                   self.call(*inside, new, "up"))
            if self.state:
                self.hold()
        return self.state

    def hold(self):
        """A process that keeps a mount namespace, where names of network namespaces are free."""
        self.holder = subprocess.Popen(
            [*LAB, "exec", self.name, "eng", "unshare", "--mount", "sh", "-ec",
             "mount -t tmpfs none /run/netns; echo; exec sleep infinity"], cwd=ROOT,
            env=self.environment, stdout=subprocess.PIPE, start_new_session=True)
        self.holder.stdout.readline()

    def inside(self, folder):
        """What a command is prefixed with to run there."""
        return (str(ROOT / "test/lab.sh"), "exec", self.name, "eng", "nsenter",
                f"--mount=/proc/{self.holder.pid}/ns/mnt", f"--wd={folder}")

    def down(self):
        if self.holder:
            self.holder.kill()
            self.holder.communicate()
        if self.state is not None:
            self.call("down", self.name)


def run(command, folder, environment, prefix=(), seconds=None):
    """(exit status, output). With `seconds` the command gets a SIGINT after them."""
    process = subprocess.Popen([*prefix, "bash", "-euo", "pipefail", "-c", command], cwd=folder,
                               env=environment, stdin=subprocess.DEVNULL, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               start_new_session=True)
    try:
        output, _ = process.communicate(timeout=seconds or 300)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGINT)
        try:
            output, _ = process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
            return 124, output
    return process.returncode, output.replace(f"{ROOT}/", "")


def setup_is_there(command):
    """Whether every script that a setup block names exists and can be run."""
    scripts = re.findall(r"(?:^|\s)((?:bench|test|deps|train)/[\w./-]+\.(?:sh|py))", command)
    return all(os.access(ROOT / script, os.X_OK) for script in scripts)


def run_block(command, words, folder, environment, lab):
    """(what went wrong or None or "skipped", output)."""
    kind = words[0] if words else ""
    if kind == "setup":
        return (None if setup_is_there(command) else "names a script that isn't there"), None
    if kind == "live":
        if not lab.up():
            return "skipped", None
        seconds = float(words[1]) if len(words) > 1 else 1
        output = ""
        for line in re.sub(r"\\\n\s*", "", command).splitlines():
            status, printed = run(line, folder, environment, lab.inside(folder), seconds)
            output += printed
            if status:
                return f"'{line}' ended with {status}", output
        return None, output
    # What a block exports, the next one has, as in a reader's shell.
    command = f"trap 'export -p >.environment' EXIT\n{command}"
    if (folder / ".environment").exists():
        command = f". ./.environment\n{command}"
    status, output = run(command, folder, environment)
    if (status != 0) != (kind == "fails"):
        return f"ended with {status}", output
    return None, output


def sandbox(folder, build):
    """A folder that looks like the repository's root, whose own files nothing here can change by
    writing beside them; and a `sudo` that does nothing but run its command."""
    for entry in ROOT.iterdir():
        if not entry.name.startswith((".", "build", "usr")):
            (folder / entry.name).symlink_to(entry)
    (folder / "build").symlink_to(build)
    tools = folder / ".bin"
    tools.mkdir()
    (tools / "sudo").write_text('#!/bin/sh\nexec "$@"\n')
    (tools / "sudo").chmod(0o755)
    return {**os.environ, "PATH": f"{tools}:{build}/bin:{os.environ['PATH']}", "AFXDP_BUILD": str(build),
            "LC_ALL": "C.UTF-8"}


def run_document(path, build, update):
    """(blocks run, failures, skipped) of one document."""
    lines = path.read_text().splitlines()
    listed = list(blocks(lines))
    failures, ran, skipped, edits = [], 0, 0, []
    with tempfile.TemporaryDirectory(prefix="afxdp-docs-") as name:
        folder = pathlib.Path(name)
        environment = sandbox(folder, build)
        lab = Lab(environment)
        try:
            for place, (language, words, first, last) in enumerate(listed):
                if language != "sh":
                    continue
                where = f"{path.relative_to(ROOT)}:{first + 1}"
                wrong, output = run_block("\n".join(lines[first:last]), words, folder, environment,
                                          lab)
                if wrong == "skipped":
                    skipped += 1
                    continue
                ran += 1
                shown = listed[place + 1] if place + 1 < len(listed) else None
                if shown and shown[0] == "text" and shown[2] <= last + 3 and output is not None:
                    if update and not wrong:
                        edits.append((shown[2], shown[3], output.strip("\n").splitlines()))
                    else:
                        wrong = wrong or compare("\n".join(lines[shown[2]:shown[3]]), output)
                if wrong:
                    failures.append(f"{where}: {wrong}\n{output or ''}")
        finally:
            lab.down()
    for first, last, text in reversed(edits):
        lines[first:last] = text
    if edits:
        path.write_text("\n".join(lines) + "\n")
    return ran, failures, skipped


def main():
    arguments = sys.argv[1:]
    update = "--update" in arguments
    build, *documents = [pathlib.Path(word).resolve() for word in arguments if word != "--update"]
    failed = skipped = 0
    for path in documents:
        ran, failures, left = run_document(path, build, update)
        print(f"{path.relative_to(ROOT)}: {ran} blocks run, {len(failures)} failed, {left} skipped")
        for failure in failures:
            print(failure)
        failed += len(failures)
        skipped += left
    if skipped and not failed:
        print("skipped: live blocks need root and network namespaces")
        return 77
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
