#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Lists the source files of the project, one path a line from its root: `sources.sh c` the C ones,
# `sources.sh all` scripts, Python and CMake files too. Build folders don't count.
set -euo pipefail
cd "$(dirname "$0")/../.."

folders=()
for folder in engine xsk nn dt bench test train deps docs .ci; do
    [ -d "$folder" ] && folders+=("$folder")
done
case ${1:-} in
c) patterns=(-name '*.c' -o -name '*.h') ;;
all) patterns=(-name '*.c' -o -name '*.h' -o -name '*.sh' -o -name '*.py' -o -name CMakeLists.txt) ;;
*)
    echo "usage: sources.sh c|all" >&2
    exit 2
    ;;
esac
{
    [ "$1" = c ] || echo CMakeLists.txt
    find "${folders[@]}" -path train/runs -prune -o -type f \( "${patterns[@]}" \) -print
} | LC_ALL=C sort
