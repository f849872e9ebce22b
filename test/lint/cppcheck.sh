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
# normalCheckLevelMaxBranches and friends are notes on cppcheck itself, not on the code.
cppcheck --project="$1/compile_commands.json" --cppcheck-build-dir="$1/cppcheck" -j "$(nproc)" \
    --enable=warning,performance,portability --inline-suppr --quiet --error-exitcode=1 \
    --suppress=missingIncludeSystem --suppress='*:/usr/*' --suppress='*:*.pb-c.*' \
    --template='{file}:{line}: {severity}: {message} [{id}]' -i"$1"
echo "cppcheck is content"
