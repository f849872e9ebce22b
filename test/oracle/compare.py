#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Says where two CSV files of features first differ; the label column is not compared.

    compare.py A.csv B.csv      exit status 0 equal, 1 different, 2 unreadable
"""

import csv
import itertools
import sys


def rows(path):
    with open(path, newline="") as file:
        reader = csv.reader(file)
        header = [name for name in next(reader) if name != "label"]
        yield header
        for row in reader:
            yield row[: len(header)]


def difference(first, second):
    """One line about the first row that differs, or None; and the number of rows compared."""
    header, count = None, 0
    for count, (a, b) in enumerate(itertools.zip_longest(rows(first), rows(second))):
        header = header or a
        if a == b:
            continue
        if a is None or b is None:
            short, longer = (first, b) if a is None else (second, a)
            return f"{short} ends at row {count}, the other goes on with {','.join(longer)}", count
        columns = [f"{n} {x} != {y}" for n, x, y in itertools.zip_longest(header, a, b) if x != y]
        return f"row {count} (packet {a[0]}): " + "; ".join(columns), count
    return None, count


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        what, count = difference(sys.argv[1], sys.argv[2])
    except (OSError, StopIteration) as error:
        print(f"compare: {error or 'an empty file'}", file=sys.stderr)
        return 2
    print(what or f"equal: {count} rows")
    return 1 if what else 0


if __name__ == "__main__":
    sys.exit(main())
