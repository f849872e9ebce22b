#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Installs what is missing, builds, and shows the engine at work: a capture of real programs goes in,
# a class and an action for every packet come out, by the neural network and by the decision tree.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
    echo "demo.sh: $*" >&2
    exit 1
}
# step WHAT COMMAND...: one line; the command's own words only when it fails.
step() {
    local what=$1 start=$SECONDS
    shift
    printf '%-28s' "$what"
    if ! "$@" >"$work/log" 2>&1 </dev/null; then
        echo failed
        tail -n 15 "$work/log" >&2
        fail "$what failed: $*"
    fi
    echo "done in $((SECONDS - start)) s"
}

capture=test/captures/mixed.pcap
engine=build/bin/afxdp-engine
step "Install packages" deps/install.sh
step "Configure" cmake --preset release
step "Build" cmake --build --preset release -j "$(nproc)"
step "Repeat the capture" bench/repeat_capture.py $capture 300000 "$work/long.pcap"
build/bin/afxdp-features $capture --labels ${capture%.pcap}.labels.csv -o "$work/labels.csv"

for model in nn dt; do
    printf '\n$ %s --pcap %s --model %s.q8\n\n' "$engine" "$capture" "$model"
    "$engine" --pcap "$capture" --model $model.q8 --verdicts "$work/$model.csv"
    "$engine" --pcap "$work/long.pcap" --model $model.q8 --json >"$work/$model.json"
done
echo
bench/demo_table.py "$work"
