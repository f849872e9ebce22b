#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: fuzz.sh PROGRAM CORPUS SEEDS   Fuzzes for AFXDP_FUZZ_SECONDS (10): first everything in the
# committed CORPUS and the made SEEDS, then mutations. A finding is left in the working directory.
set -euo pipefail

program=$1 corpus=$2 seeds=$3
seconds=${AFXDP_FUZZ_SECONDS:-10}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$corpus" "$seeds"
"$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -verbosity=1 "$work" "$corpus" "$seeds" 2>&1 | tail -n 40
