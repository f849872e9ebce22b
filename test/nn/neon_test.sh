#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The NEON variant, built by a cross-compiler and run by qemu: bit-exact as the others are.
set -euo pipefail
cd "$(dirname "$0")/../.."

for program in aarch64-linux-gnu-gcc qemu-aarch64; do
    if ! command -v $program >/dev/null; then
        echo "skipped: $program is not installed" >&2
        exit 77
    fi
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
aarch64-linux-gnu-gcc -std=gnu11 -D_GNU_SOURCE -O2 -fno-strict-aliasing -static \
    -Wall -Wextra -Wshadow -Wconversion -Werror -I nn -I engine/core -I test -I test/nn \
    nn/nn_neon.c nn/nn_scalar.c nn/nn_tiled.c nn/nn_variant.c engine/core/cpu.c \
    engine/core/error.c test/nn/nn_agreement.c test/nn/nn_random.c test/nn/nn_variants_main.c \
    test/random.c -o "$folder/test"
timeout 250 qemu-aarch64 "$folder/test" | tee "$folder/log"
grep -q '^neon: agrees$' "$folder/log"
