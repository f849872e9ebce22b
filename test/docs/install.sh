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

# A model's plain name means the shipped one, wherever the installation was moved; a file of that name
# here makes it ambiguous.
mkdir "$work/here"
cd "$work/here"
"$work/usr/bin/afxdp-model" inspect nn.q8 | grep -q "^model *$work/usr/share/afxdp-engine/models/nn.q8$"
cp "$work/usr/share/afxdp-engine/models/dt.q8" nn.q8
! "$work/usr/bin/afxdp-model" inspect nn.q8 >"$work/log" 2>"$work/message"
grep -q 'there is one here' "$work/message"
"$work/usr/bin/afxdp-model" inspect ./nn.q8 | grep -q 'decision tree'

# Manual pages without a complaint of the formatter's, completion that each shell can read.
cd "$work/usr/share"
for page in afxdp-engine afxdp-features afxdp-generate afxdp-model-import; do
    grep -q '^\.TH' "man/man1/$page.1"
    if command -v groff >/dev/null; then
        [ -z "$(groff -K utf8 -man -Tutf8 -ww "man/man1/$page.1" 2>&1 >/dev/null)" ]
    fi
done
bash -c 'source bash-completion/completions/afxdp-engine
    COMP_WORDS=(afxdp-engine --datapath k) COMP_CWORD=2 && _afxdp_engine && [ "${COMPREPLY[*]}" = kernel ]
    COMP_WORDS=(afxdp-engine --brid) COMP_CWORD=1 && _afxdp_engine && [ "${COMPREPLY[*]}" = --bridge ]'
grep -q '^#compdef afxdp-engine' zsh/vendor-completions/_afxdp-engine
