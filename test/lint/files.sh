#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What every source file keeps to: a licence line, no path that climbs out of its folder, a length
# that can be read in one sitting. Prints each breach as FILE: what.
set -euo pipefail
cd "$(dirname "$0")/../.."

most_lines=400 # "about 400"; generated tables say so in their name: *_table.h
breaches=0
breach() {
    echo "$1: $2"
    breaches=$((breaches + 1))
}

mapfile -t files < <(test/lint/sources.sh all)
for file in "${files[@]}"; do
    licence=BSD-2-Clause
    case $file in
    *.bpf.c | *.bpf.h) licence='(GPL-2.0-only OR BSD-2-Clause)' ;;
    esac
    head -n 2 "$file" | grep -qF "SPDX-License-Identifier: $licence" ||
        breach "$file" "no 'SPDX-License-Identifier: $licence' in its first two lines"
    lines=$(wc -l <"$file")
    case $file in
    *_table.h) ;;
    *) [ "$lines" -le $most_lines ] || breach "$file" "$lines lines, at most $most_lines: it holds two ideas" ;;
    esac
    case $file in
    *.c | *.h)
        grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"[^"]*\.\./' "$file" &&
            breach "$file" "includes by a path that climbs out of its folder"
        grep -nP '\t| +$' "$file" | head -n 3 | grep . && breach "$file" "tabs or trailing blanks"
        grep -niE '\b(TODO|FIXME|XXX)\b' "$file" && breach "$file" "leaves something to do"
        ;;
    *.sh)
        bash -n "$file" || breach "$file" "bash can't parse it"
        ;;
    esac
done
echo "${#files[@]} files, $breaches breaches"
[ "${#files[@]}" -gt 20 ] && [ "$breaches" -eq 0 ]
