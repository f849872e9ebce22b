#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: install.sh BUILD   Installs into an empty folder, then does what docs/embedding.md says with
# nothing but that folder: compiles the examples by pkg-config and runs them with a shipped model.
set -euo pipefail
cd "$(dirname "$0")/../.."

build=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --install "$build" --prefix "$work/usr" >"$work/log"

for program in "$build"/bin/afxdp-*; do
    "$work/usr/bin/$(basename "$program")" --version
done
export PKG_CONFIG_PATH=$work/usr/lib/pkgconfig:$work/usr/lib/$(gcc -print-multiarch)/pkgconfig
flags=$(pkg-config --cflags --libs afxdp-engine)
sanitizers=$(sed -n 's/^AFXDP_SANITIZE:STRING=\(..*\)/-fsanitize=\1/p' "$build/CMakeCache.txt")
for example in by_hand own_port; do
    # shellcheck disable=SC2086 # the flags are words
    cc -Wall -Wextra -Werror docs/examples/$example.c $flags -lm $sanitizers -o "$work/$example"
    for model in "$work"/usr/share/afxdp-engine/models/*.q8; do
        "$work/$example" "$model"
    done
done
# A mistake gives one line and a failure.
! "$work/by_hand" /nonexistent.q8 2>"$work/message"
[ "$(wc -l <"$work/message")" -eq 1 ]
