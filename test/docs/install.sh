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
export LD_LIBRARY_PATH=$work/usr/lib:$work/usr/lib/$(gcc -print-multiarch)
flags=$(pkg-config --cflags --libs afxdp-engine)
sanitizers=$(sed -n 's/^AFXDP_SANITIZE:STRING=\(..*\)/-fsanitize=\1/p' "$build/CMakeCache.txt")
archive=$(pkg-config --cflags --static --libs afxdp-engine | sed s/-lafxdp-engine/-l:libafxdp-engine.a/)
for example in frames source datapath watch; do
    # shellcheck disable=SC2086 # the flags are words
    cc -std=c99 -pedantic -Wall -Wextra -Werror docs/examples/$example.c $flags $sanitizers -o "$work/$example"
done
"$work/datapath" pcap=test/captures/mixed.pcap model=models/nn.q8 | grep -q '"packets": 7472,'
"$work/watch" pcap=test/captures/mixed.pcap model=models/nn.q8 >"$work/events" 2>"$work/message"
grep -q "^events $(wc -l <"$work/events"), classified 7338, unsure 0, other 134, malformed 0$" "$work/message"
"$build/bin/afxdp-engine" --pcap test/captures/mixed.pcap --model models/nn.q8 --eve "$work/eve.json" >"$work/log"
diff "$work/eve.json" "$work/events"
# shellcheck disable=SC2086
cc docs/examples/frames.c $archive $sanitizers -o "$work/frames_static"
env -u LD_LIBRARY_PATH "$work/frames_static" models/nn.q8
for example in frames source; do
    for model in "$work"/usr/share/afxdp-engine/models/*.q8; do
        "$work/$example" "$model"
    done
done
# A mistake gives one line and a failure.
! "$work/frames" /nonexistent.q8 2>"$work/message"
[ "$(wc -l <"$work/message")" -eq 1 ]

# The header alone, in C++ too. What it declares is what the library exports, and nothing else.
echo '#include <afxdp_engine.h>' >"$work/header.cc"
g++ -std=c++17 -pedantic -Wall -Wextra -Werror -fsyntax-only -I"$work/usr/include" "$work/header.cc"
grep -v '^typedef' "$work/usr/include/afxdp_engine.h" | grep -oE '\bafxdp_[a-z0-9_]+\(' |
    tr -d '(' | sort -u >"$work/declared"
sed -n 's/^ *\(afxdp_[a-z0-9_]*\);$/\1/p' engine/library/afxdp_engine.map >"$work/listed"
nm -D --defined-only "$(find "$work/usr/lib" -name 'libafxdp-engine.so')" |
    sed -n 's/.* T \([^@]*\).*/\1/p' | sort >"$work/exported"
diff "$work/declared" "$work/listed"
diff "$work/listed" "$work/exported"
[ "$(nm --defined-only "$(find "$work/usr/lib" -name 'libafxdp-engine.a')" | grep -c ' [TDBRVW] ')" -eq \
    "$(wc -l <"$work/listed")" ]

# CMake finds it.
mkdir "$work/cmake"
cat >"$work/cmake/CMakeLists.txt" <<CMAKE
cmake_minimum_required(VERSION 3.25)
project(example C)
find_package(afxdp-engine 0.1 REQUIRED)
add_executable(frames $PWD/docs/examples/frames.c)
target_link_libraries(frames afxdp::engine)
CMAKE
cmake -S "$work/cmake" -B "$work/cmake/build" -DCMAKE_PREFIX_PATH="$work/usr" \
    -DCMAKE_C_FLAGS="$sanitizers" >"$work/log"
cmake --build "$work/cmake/build" >"$work/log"
"$work/cmake/build/frames" models/nn.q8 >"$work/log"

# So does Python. (A sanitizer's runtime would have to be in the interpreter.)
[ -n "$sanitizers" ] || PYTHONPATH=$work/usr/lib/python3/dist-packages /usr/bin/python3 \
    docs/examples/classes.py test/captures/mixed.pcap models/nn.q8

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
for page in afxdp-engine{,-ctl} afxdp-features afxdp-generate afxdp-model{,-code,-eval,-import,-inspect}; do
    grep -q '^\.TH' "man/man1/$page.1"
    if command -v groff >/dev/null; then
        [ -z "$(groff -K utf8 -man -Tutf8 -ww "man/man1/$page.1" 2>&1 >/dev/null)" ]
    fi
done
bash -c 'source bash-completion/completions/afxdp-engine
    COMP_WORDS=(afxdp-engine --datapath k) COMP_CWORD=2 && _afxdp_engine && [ "${COMPREPLY[*]}" = kernel ]
    COMP_WORDS=(afxdp-engine --brid) COMP_CWORD=1 && _afxdp_engine && [ "${COMPREPLY[*]}" = --bridge ]
    COMP_WORDS=(afxdp-engine c) COMP_CWORD=1 && _afxdp_engine && [ "${COMPREPLY[*]}" = ctl ]
    COMP_WORDS=(afxdp-engine ctl --lim) COMP_CWORD=2 && _afxdp_engine && [ "${COMPREPLY[*]}" = --limit ]
    source bash-completion/completions/afxdp-model
    COMP_WORDS=(afxdp-model import --cal) COMP_CWORD=2 && _afxdp_model && [ "${COMPREPLY[*]}" = --calibrate ]'
for program in engine features generate model; do
    grep -q "^#compdef afxdp-$program" zsh/vendor-completions/_afxdp-$program
    if command -v zsh >/dev/null; then
        zsh -n zsh/vendor-completions/_afxdp-$program
    fi
done
