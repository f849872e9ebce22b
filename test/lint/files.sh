#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What every source file keeps to: a licence line, no path that climbs out of its folder, a length
# that can be read in one sitting ("about 400" lines; generated tables, *_table.h, are exempt),
# nothing left to do. The programs' folder stays small: what grows there belongs to a library.
# Prints each breach as FILE:LINE: what.
set -euo pipefail
cd "$(dirname "$0")/../.."

mapfile -t files < <(test/lint/sources.sh all)
scripts_broken=0
for file in "${files[@]}"; do
    case $file in
    *.sh) bash -n "$file" || scripts_broken=$((scripts_broken + 1)) ;;
    esac
done

programs_most=2000
programs=$(cat engine/cmd/* | wc -l)
folders_broken=0
if [ "$programs" -ge $programs_most ]; then
    echo "engine/cmd: $programs lines, under $programs_most: mains, options and printing only"
    folders_broken=1
fi

awk -v broken=$((scripts_broken + folders_broken)) '
function breach(what) {
    print FILENAME ":" FNR ": " what
    breaches++
}
function finish() { # of the file before
    if (name != "" && !licensed)
        print name ": no " licence " in its first two lines"
    if (name != "" && !licensed)
        breaches++
    if (lines > 400 && name !~ /_table\.h$/) {
        print name ": " lines " lines, at most 400: it holds two ideas"
        breaches++
    }
}
FNR == 1 {
    finish()
    name = FILENAME
    licensed = 0
    licence = "SPDX-License-Identifier: " (name ~ /\.bpf\.[ch]$/ ? "(GPL-2.0-only OR BSD-2-Clause)" : "BSD-2-Clause")
    is_c = name ~ /\.[ch]$/
    count++
}
{ lines = FNR }
FNR <= 2 && index($0, licence) { licensed = 1 }
is_c && /^[ \t]*#[ \t]*include[ \t]*"[^"]*\.\.\// { breach("includes by a path that climbs out of its folder") }
is_c && (/\t/ || / $/) { breach("tabs or trailing blanks") }
is_c && /(^|[^A-Za-z_])(TODO|FIXME|XXX)([^A-Za-z_]|$)/ { breach("leaves something to do") }
END {
    finish()
    print count " files, " breaches + broken " breaches"
    exit breaches + broken > 0 || count < 20
}' "${files[@]}"
