#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Checks the layout of every C file against .clang-format; `format.sh --fix` puts it right.
set -euo pipefail
cd "$(dirname "$0")/../.."

if ! command -v clang-format >/dev/null; then
    echo "skipped: clang-format is not installed" >&2
    exit 77
fi
if [ "${1:-}" = --fix ]; then
    test/lint/sources.sh c | xargs clang-format -i
elif ! test/lint/sources.sh c | xargs clang-format --dry-run -Werror --ferror-limit=3; then
    echo "clang-format disagrees: cmake --build build --target format" >&2
    exit 1
fi
