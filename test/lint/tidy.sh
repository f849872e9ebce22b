#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: tidy.sh BUILD [FILE...]   clang-tidy over all C files of a configured build, or the given
set -euo pipefail
cd "$(dirname "$0")/../.."

build=$1
shift
if ! command -v clang-tidy >/dev/null; then
    echo "skipped: clang-tidy is not installed" >&2
    exit 77
fi
mapfile -t files < <(/usr/bin/python3 - "$build/compile_commands.json" "$PWD" "$@" <<'PYTHON'
import json, os, sys
commands, root, wanted = sys.argv[1], sys.argv[2], {os.path.abspath(name) for name in sys.argv[3:]}
for name in sorted({entry["file"] for entry in json.load(open(commands))}):
    inside = name.startswith(root + "/") and not name.startswith(os.path.abspath(os.path.dirname(commands)))
    if name in wanted or (not wanted and inside):
        print(name)
PYTHON
)
# The BPF programs compile with flags of their own and are not in the list.
printf '%s\0' "${files[@]}" | xargs -0 -n 4 -P "$(nproc)" clang-tidy -p "$build" --quiet \
    2> >(grep -vE '^[0-9]+ warnings? (and|generated)|^Suppressed|^Use -' >&2)
echo "${#files[@]} files tidy"
