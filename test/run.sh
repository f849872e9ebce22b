#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Installs what is missing, builds, and runs every test there is:
#   1. the release build with all tests, those of the lab (root, network namespaces) included
#   2. the debug build under ASan and UBSan with the tests that need no lab
#   3. what has threads, under TSan
#   4. the fuzzers, each for AFXDP_FUZZ_SECONDS (20)
# The last line counts them all; the exit status is 0 only if none failed.
set -euo pipefail
cd "$(dirname "$0")/.."

jobs=$(nproc)
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
broken=()

# stage NAME PRESET CTEST-ARGUMENTS...: builds a preset, then runs ctest in it.
stage() {
    local name=$1 preset=$2
    shift 2
    local folder=build
    [ "$preset" = release ] || folder=build-$preset
    printf '\n== %s\n' "$name"
    if ! { cmake --preset "$preset" && cmake --build --preset "$preset" -j "$jobs"; } >"$results/log" 2>&1; then
        grep -E 'error|Error' "$results/log" | head -n 20
        tail -n 5 "$results/log"
        broken+=("$name: does not build")
        return
    fi
    ctest --test-dir "$folder" --output-on-failure --no-tests=error \
        --output-junit "$results/$name.xml" "$@" || [ -s "$results/$name.xml" ] ||
        broken+=("$name: ctest did not run")
}

SECONDS=0
deps/install.sh
stage release release -LE lab -j "$jobs"
stage lab release -L lab # one at a time: they measure
stage sanitizers debug -L 'unit|cli' -j "$jobs"
stage threads tsan -L threads
stage fuzzers fuzz -L fuzz -j "$jobs"

# Adds up the JUnit files: one table, then the plain line.
/usr/bin/python3 - "$results" "$SECONDS" "${broken[@]}" <<'PYTHON'
import pathlib, sys
import xml.etree.ElementTree as tree

folder, seconds, broken = pathlib.Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
total = {"passed": 0, "failed": len(broken), "skipped": 0}
failures = list(broken)
print(f"\n{'':12}{'passed':>8}{'failed':>8}{'skipped':>8}")
for name in ("release", "lab", "sanitizers", "threads", "fuzzers"):
    path = folder / f"{name}.xml"
    if not path.exists():
        continue
    count = dict.fromkeys(total, 0)
    for case in tree.parse(path).getroot().iter("testcase"):
        status = {"run": "passed", "fail": "failed"}.get(case.get("status"), "skipped")
        count[status] += 1
        if status == "failed":
            failures.append(f"{name}: {case.get('name')}")
        elif status == "skipped":
            said = (case.findtext("system-out") or "").strip().splitlines()
            print(f"skipped: {name}: {case.get('name')}: {said[-1] if said else 'no reason given'}")
    for status in total:
        total[status] += count[status]
    print(f"{name:12}{count['passed']:8}{count['failed']:8}{count['skipped']:8}")
for failure in failures:
    print(f"FAILED  {failure}")
print(f"{seconds // 60} min {seconds % 60} s")
print(f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped")
sys.exit(1 if total["failed"] or not total["passed"] else 0)
PYTHON
