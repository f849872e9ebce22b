#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: compare.sh BUILD   Installs ONNX Runtime from npm, as package-lock.json pins it, below BUILD,
# and runs measure.py with it as one more opinion.
set -euo pipefail
cd "$(dirname "$0")"

for tool in node npm; do
    command -v $tool >/dev/null || { echo "skipped: $tool is missing"; exit 77; }
done
folder=$1/onnxruntime
mkdir -p "$folder"
cp package.json package-lock.json "$folder"
# Its own script would download what GPUs need.
if ! (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --silent) >"$folder/log" 2>&1; then
    echo "skipped: npm can't install onnxruntime-node: $(tail -n 1 "$folder/log")"
    exit 77
fi
ONNXRUNTIME=$folder exec /usr/bin/python3 ../measure.py
