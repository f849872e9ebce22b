#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Installs what is missing, builds, and shows the engine at work: a capture of real programs goes in,
# a class and an action for every packet come out, by a neural network, by a tree and by boosted trees.
# Then the same packets cross a live engine: a bridge over AF_XDP between two network namespaces,
# watched by afxdp-engine top.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
lab=demo$(($$ % 100000))
trap 'test/lab.sh down "$lab" >/dev/null 2>&1; rm -rf "$work"' EXIT
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
step "Install packages" deps/install.sh build run
step "Configure" cmake --preset release
step "Build" cmake --build --preset release -j "$(nproc)" \
    --target afxdp-engine afxdp-features afxdp-generate
step "Repeat the capture" bench/repeat_capture.py $capture 300000 "$work/long.pcap"
build/bin/afxdp-features $capture --labels ${capture%.pcap}.labels.csv -o "$work/labels.csv"

for model in nn dt bt; do
    printf '\n$ %s --pcap %s --model %s.q8\n\n' "$engine" "$capture" "$model"
    "$engine" --pcap "$capture" --model $model.q8 --verdicts "$work/$model.csv"
    "$engine" --pcap "$work/long.pcap" --model $model.q8 --json >"$work/$model.json"
done
echo
bench/demo_table.py "$work"

# live: the engine as a bridge in a lab of namespaces, while the capture is sent through it. The
# packets bring their own times along, so that the verdicts are those of the capture. They are sent
# for three seconds, so that the third look of the live view falls among them.
live() {
    test/lab.sh up "$lab" --two-ports --mtu 1600 || return 1
    test/lab.sh exec "$lab" eng "$engine" --iface eng0 --bridge eng1 --model nn.q8 \
        --action flood=drop --trailer-time >"$work/table" 2>"$work/words" &
    local pid=$!
    for _ in $(seq 100); do
        grep -q 'running$' "$work/words" && break
        kill -0 $pid 2>/dev/null || return 1
        sleep 0.1
    done
    LC_ALL=C.UTF-8 test/lab.sh exec "$lab" eng "$engine" top --batch -n 3 >"$work/view" &
    local view=$!
    test/lab.sh exec "$lab" gen build/bin/afxdp-generate --iface gen0 --pcap "$capture" \
        --longest 1522 --rate 2500 --trailer-time || return 1
    wait $view || return 1
    sleep 0.5
    kill -INT $pid
    wait $pid
}

if reason=$(test/lab.sh check 2>&1); then
    printf '\nNow live: %s, as a bridge between two network namespaces, floods dropped.\n\n' nn.q8
    live >"$work/log" 2>&1 || { cat "$work/words" "$work/log" >&2 && fail "the live run failed"; }
    cat "$work/table"
    printf '\nWhile they crossed, %s top showed:\n\n' "$engine"
    awk '/^afxdp-engine /{ line = 0 } { look[line++] = $0 }
        END { for (i = 0; i < 18 && i < line; i++) print look[i] }' "$work/view"
else
    printf '\nThe live part is left out: %s.\n' "${reason#skipped: }"
fi
