#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A file includes only from floors below its own (docs/design.md, "Folders").

Two proofs. The text: every quoted include of every file is looked up in the table of floors. The
compiler: for each library, with the very command that builds it, each header of a forbidden floor
must not be found, and a real #include of one must fail.

usage: floors.py COMPILE_COMMANDS.json
"""

import json
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

FLOOR = {  # folder -> floor; folders on one floor never include each other, but for NEIGHBOURS
    "engine/core": 1,
    "engine/attach": 2,
    "engine/inkernel": 2,
    "engine/onnx": 2,
    "xsk": 3,
    "nn": 3,
    "dt": 3,
    "engine/pipeline": 4,
    "engine/capture": 4,
    "engine/tables": 4,
    "engine/events": 4,
    "engine/datapath": 5,
    "engine/workbench": 5,
    "engine/program": 5,
    "engine/cmd": 6,
    "bench": 6,
    "test": 6,
}
NEIGHBOURS = {  # (user, owner): a folder that stands on one of its own floor
    ("engine/inkernel", "engine/attach"),
    ("engine/tables", "engine/pipeline"),
    ("engine/events", "engine/pipeline"),
    ("engine/events", "engine/tables"),
}
TOP = 6


def folder_of(path):
    """The longest folder of the table that holds the file; None for files outside of it."""
    parts = path.relative_to(ROOT).parts[:-1]
    for length in range(len(parts), 0, -1):
        name = "/".join(parts[:length])
        if name in FLOOR:
            return name
    return None


def sources():
    listed = subprocess.run([ROOT / "test/lint/sources.sh", "c"], check=True, text=True,
                            capture_output=True).stdout.split()
    return [ROOT / name for name in listed if folder_of(ROOT / name)]


def may_include(user, owner):
    return user == owner or FLOOR[owner] < FLOOR[user] or (user, owner) in NEIGHBOURS


def check_text(files, headers):
    """The breaches found by reading the include lines."""
    breaches = []
    for path in files:
        user = folder_of(path)
        for name in re.findall(r'^\s*#\s*include\s*"([^"]+)"', path.read_text(), re.M):
            owners = headers.get(pathlib.PurePath(name).name, set())
            if owners and not any(may_include(user, owner) for owner in owners):
                breaches.append(f"{path.relative_to(ROOT)} (floor {FLOOR[user]}) includes {name} "
                                f"of {'/'.join(sorted(owners))}")
    return breaches


def compiler_commands(compile_commands):
    """folder -> (working directory, command without its source and output)."""
    commands = {}
    for entry in json.loads(pathlib.Path(compile_commands).read_text()):
        path = pathlib.Path(entry["file"])
        if not path.is_relative_to(ROOT) or not folder_of(path) or FLOOR[folder_of(path)] == TOP:
            continue
        words = shlex.split(entry["command"])
        at = words.index("-o")
        del words[at:at + 2]
        words = [word for word in words if word not in ("-c", entry["file"])]
        commands.setdefault(folder_of(path), (entry["directory"], words))
    return commands


def compiles(command, text):
    directory, words = command
    done = subprocess.run(words + ["-fsyntax-only", "-w", "-x", "c", "-"], cwd=directory, text=True,
                          input=text, capture_output=True, check=False)
    return done.returncode == 0, done.stderr


def check_compiler(commands, headers):
    """The breaches found by asking the compiler, and how many questions were asked."""
    breaches = []
    asked = 0
    for user, command in sorted(commands.items()):
        forbidden = sorted(name for name, owners in headers.items()
                           if not any(may_include(user, owner) for owner in owners))
        own = sorted(name for name, owners in headers.items() if user in owners)
        text = "".join(f'#if __has_include("{name}")\n#error {user} can include {name}\n#endif\n'
                       for name in forbidden)
        text += "".join(f'#if !__has_include("{name}")\n#error {user} lacks {name}\n#endif\n'
                        for name in own)
        ok, messages = compiles(command, text)
        asked += len(forbidden) + len(own)
        if not ok:
            breaches += re.findall(r"#error (.*)", messages) or [messages]
        for name in forbidden[:1]:
            ok, messages = compiles(command, f'#include "{name}"\n')
            if ok or "No such file" not in messages:
                breaches.append(f"{user}: #include \"{name}\" did not fail as it must")
    return breaches, asked


def main():
    files = sources()
    headers = {}
    for path in files:
        if path.suffix == ".h" and FLOOR[folder_of(path)] < TOP:
            headers.setdefault(path.name, set()).add(folder_of(path))
    breaches = check_text(files, headers)
    breaches += [f"{name} is the name of a header in {' and '.join(sorted(owners))}"
                 for name, owners in sorted(headers.items()) if len(owners) > 1]
    commands = compiler_commands(sys.argv[1])
    found, asked = check_compiler(commands, headers)
    breaches += found
    for breach in breaches:
        print(breach)
    print(f"{len(files)} files, {len(headers)} headers, {len(commands)} libraries asked about "
          f"{asked} headers: {len(breaches)} breaches")
    return 1 if breaches or not commands else 0


if __name__ == "__main__":
    sys.exit(main())
