#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Installs what is missing, builds, and runs every test there is:
#   1. the release build with all tests; those of the lab (root, network namespaces) one at a time
#   2. the checks of the text, and the builds of what follows, beside the lab
#   3. the debug build under ASan and UBSan with the tests that need no lab
#   4. what has threads, under TSan
#   5. the fuzzers, each for AFXDP_FUZZ_SECONDS (10)
# A table says how many tests each stage has and how long it took. The last line counts them all; the
# exit status is 0 only if none failed.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ $# -gt 0 ]; then
    [ "$1" = --help ] || [ "$1" = -h ] || { echo "usage: test/run.sh" >&2; exit 2; }
    echo "usage: test/run.sh"
    sed -n '3,/^set /{/^#/s/^# \{0,1\}//p}' test/run.sh
    exit 0
fi

jobs=$(nproc)
results=$(mktemp -d)
beside=
installing=

# The job beside the lab is ended. An installation isn't: dpkg would have to be repaired by hand, and
# new services would start.
finish() {
    [ -z "$beside" ] || kill -- "-$beside" 2>/dev/null || true
    if [ -n "$installing" ]; then
        echo "waiting for deps/install.sh to end" >&2
        wait "$installing" || true
    fi
    rm -rf "$results"
}
trap finish EXIT

# build PRESET: PRESET.log has what was said, PRESET.built the seconds, if it was built. Otherwise
# PRESET.unbuilt says so.
build() {
    local start=$SECONDS
    if { cmake --preset "$1" && cmake --build --preset "$1" -j "$jobs"; } >"$results/$1.log" 2>&1; then
        echo $((SECONDS - start)) >"$results/$1.built"
    else
        echo "does not build" >"$results/$1.unbuilt"
    fi
}

# stage NAME PRESET FOLDER CTEST-ARGUMENTS...: runs ctest in FOLDER of what `build PRESET` has built.
stage() {
    local name=$1 preset=$2 folder=$3 start=$SECONDS status=0
    shift 3
    printf '\n== %s\n' "$name"
    if [ ! -e "$results/$preset.built" ]; then
        if [ -e "$results/$preset.log" ]; then
            grep -E 'error|Error' "$results/$preset.log" | head -n 20 || true
            tail -n 5 "$results/$preset.log"
        fi
        cat "$results/$preset.unbuilt" 2>/dev/null >"$results/$name.broken" ||
            echo "was not built: the job beside the lab ended" >"$results/$name.broken"
        return
    fi
    ctest --test-dir "$folder" --output-on-failure --no-tests=error \
        --output-junit "$results/$name.xml" "$@" || status=$?
    echo $status >"$results/$name.status"
    echo $((SECONDS - start)) >"$results/$name.took"
}

# What needs only time, for the scheduler to run while nothing else wants a core: the lab waits more
# than it works, and what it measures goes first. ctest gets a folder of its own: two in one would
# write the same logs.
work_beside() {
    chrt --idle --pid 0 "$BASHPID" || renice -n 19 "$BASHPID" >/dev/null
    build debug
    stage lint release build/test/lint
    build tsan
    build fuzz
}

# What is built needs the first three groups of packages; unpacking the others wants no two cores.
deps/install.sh build run train
took_deps=$SECONDS
deps/install.sh build run record train check >"$results/deps" 2>&1 &
installing=$!
build release
waiting=$SECONDS
installed=0
wait "$installing" || installed=$?
installing=
cat "$results/deps"
[ "$installed" -eq 0 ] || exit 1
took_deps=$((took_deps + SECONDS - waiting))
set -m # a process group, to be ended as one
work_beside >"$results/beside" 2>&1 </dev/null &
beside=$!
set +m
stage release release build -LE 'lab|lint|faults|long|newcomer|packages|onnxruntime' -j "$jobs"
stage lab release build -L lab # one at a time: they measure
waiting=$SECONDS
wait "$beside" || true
beside=
waited=$((SECONDS - waiting))
cat "$results/beside"
stage sanitizers debug build-debug -L 'unit|cli' -j "$jobs"
stage threads tsan build-tsan -L threads
stage fuzzers fuzz build-fuzz -L fuzz -j "$jobs"

# Adds up the JUnit files: one table, then the plain line.
/usr/bin/python3 - "$results" "$SECONDS" "$took_deps" "$waited" <<'PYTHON'
import pathlib, sys
import xml.etree.ElementTree as tree

folder, (seconds, deps, waited) = pathlib.Path(sys.argv[1]), map(int, sys.argv[2:])
total = {"passed": 0, "failed": 0, "skipped": 0}
failures = []


def text(name):
    path = folder / name
    return path.read_text().strip() if path.exists() else ""


def outcome(case):
    """What skipped itself is "notrun", and so is what CTest couldn't start: that one failed."""
    if case.get("status") == "run":
        return "passed"
    skip = case.find("skipped")
    said = skip.get("message", "") if skip is not None else ""
    return "skipped" if said.startswith("SKIP_RETURN_CODE") else "failed"


def cases(name):
    try:
        return list(tree.parse(folder / f"{name}.xml").getroot().iter("testcase"))
    except (OSError, tree.ParseError):
        return []  # lost() tells


def lost(name, count):
    """What is wrong with a stage and none of its tests tells, if anything is."""
    status = text(f"{name}.status")
    if not status:
        return text(f"{name}.broken") or "did not end"
    if not sum(count.values()):
        return f"no test ran, the exit status of ctest is {status}"
    if status != "0" and not count["failed"]:
        return f"no test failed, the exit status of ctest is {status}"
    return ""


print(f"\n{'':12}{'passed':>8}{'failed':>8}{'skipped':>8}{'build s':>9}{'tests s':>9}")
for name, built in (("release", "release"), ("lab", ""), ("lint", ""), ("sanitizers", "debug"),
                    ("threads", "tsan"), ("fuzzers", "fuzz")):
    count = dict.fromkeys(total, 0)
    for case in cases(name):
        status = outcome(case)
        count[status] += 1
        if status == "failed":
            failures.append(f"{name}: {case.get('name')}")
        elif status == "skipped":
            said = (case.findtext("system-out") or "").strip().splitlines()
            print(f"skipped: {name}: {case.get('name')}: {said[-1] if said else 'no reason given'}")
    why = lost(name, count)
    if why:
        count["failed"] += 1
        failures.append(f"{name}: {why}")
    for status in total:
        total[status] += count[status]
    print(f"{name:12}{count['passed']:8}{count['failed']:8}{count['skipped']:8}"
          f"{text(f'{built}.built'):>9}{text(f'{name}.took'):>9}")
for failure in failures:
    print(f"FAILED  {failure}")
print(f"{seconds // 60} min {seconds % 60} s: {deps} s of waiting for packages, {waited} s for lint and the "
      "builds beside the lab")
print(f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped")
sys.exit(1 if total["failed"] or not total["passed"] else 0)
PYTHON
