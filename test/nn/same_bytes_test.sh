#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The quantiser's integers don't depend on the machine, the compiler or its options: builds that
# would differ if they could (fused multiply-add, vectors, another libm) are compared.
set -euo pipefail
cd "$(dirname "$0")/../.."

for program in aarch64-linux-gnu-gcc qemu-aarch64 clang; do
    if ! command -v $program >/dev/null; then
        echo "skipped: $program is not installed" >&2
        exit 77
    fi
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

build() { # NAME COMPILER OPTION...
    local name=$1
    shift
    "$@" -std=gnu11 -D_GNU_SOURCE -ffp-contract=off -fno-strict-aliasing \
        -I nn -I engine/core -I engine/onnx -I test -I test/nn \
        nn/nn_float.c nn/nn_probe.c nn/nn_quantise.c nn/nn_scale.c nn/nn_tune.c engine/core/error.c \
        test/nn/nn_random.c test/random.c test/nn/nn_quantise_main.c -lm -o "$folder/$name"
}
build plain gcc -O0
build fast gcc -O3
build clang clang -O2
build arm aarch64-linux-gnu-gcc -O3 -static
"$folder/plain" | tee "$folder/want"
"$folder/fast" | diff "$folder/want" -
"$folder/clang" | diff "$folder/want" -
timeout 250 qemu-aarch64 "$folder/arm" | diff "$folder/want" -
if [ "$(uname -m)" = x86_64 ] && grep -qw fma /proc/cpuinfo; then
    build fused gcc -O3 -march=native
    "$folder/fused" | diff "$folder/want" -
    echo "the same with -march=native"
fi
echo "the same in every build"
