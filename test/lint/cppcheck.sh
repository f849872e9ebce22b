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
# ctuuninitvar takes a pointer to a variable that a function fills for a use of it. cppcheck doesn't
# read the libraries' headers, so macros that open a declaration are told.
cppcheck --project="$1/compile_commands.json" --cppcheck-build-dir="$1/cppcheck" -j "$(nproc)" \
    --enable=warning,performance,portability --inline-suppr --quiet --error-exitcode=1 \
    --suppress=missingIncludeSystem --suppress=ctuuninitvar --suppress='*:/usr/*' --suppress='*:*.pb-c.*' \
    -D'LIBBPF_OPTS(type,name,...)=struct type name = {__VA_ARGS__}' \
    -D'DECLARE_LIBXDP_OPTS(type,name,...)=struct type name = {__VA_ARGS__}' \
    --template='{file}:{line}: {severity}: {message} [{id}]' -i"$1"
echo "cppcheck is content"
