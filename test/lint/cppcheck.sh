#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: cppcheck.sh BUILD   cppcheck over all C files of a configured build
set -euo pipefail
cd "$(dirname "$0")/../.."

if ! command -v cppcheck >/dev/null; then
    echo "skipped: cppcheck is not installed" >&2
    exit 77
fi
mkdir -p "$1/cppcheck"
# uninitvar, ctuuninitvar: take an array that a loop or a function fills for a use of it; clang's
# analyzer in lint_tidy looks for the same and is right. IOWithoutPositioning: takes the branches of
# a conditional expression for one after the other. shiftTooManyBitsSigned: gcc, clang and BPF shift
# signs arithmetically. cppcheck doesn't read the libraries' headers, so macros that open a
# declaration are told.
cppcheck --project="$1/compile_commands.json" --cppcheck-build-dir="$1/cppcheck" -j "$(nproc)" \
    --enable=warning,performance,portability --inline-suppr --quiet --error-exitcode=1 \
    --suppress=missingIncludeSystem --suppress='*:/usr/*' --suppress='*:*.pb-c.*' \
    --suppress=uninitvar --suppress=ctuuninitvar --suppress=IOWithoutPositioning \
    --suppress=shiftTooManyBitsSigned \
    -D'LIBBPF_OPTS(type,name,...)=struct type name = {__VA_ARGS__}' \
    -D'DECLARE_LIBXDP_OPTS(type,name,...)=struct type name = {__VA_ARGS__}' \
    --template='{file}:{line}: {severity}: {message} [{id}]' -i"$1"
echo "cppcheck is content"
