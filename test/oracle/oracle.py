#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The twelve integers of every packet of a capture, from the design page and nothing else.

    oracle.py CAPTURE > features.csv          the columns of afxdp-features, label empty
    oracle.py --flows CAPTURE > features.csv  and of its --flows
    oracle.py --outcomes CAPTURE > out.csv    index,outcome for every packet

Written independently of the C: where the two differ, one of them misreads the page.
Exit status 2, after what was read, for a capture that is damaged.
"""

import argparse
import sys

import captures
import flows
import packets


def examine(path, timeout=120):
    """Yields (index, outcome, integers or None); outcome: classified, other, malformed.

    The integers are the twelve features, the flow's number and the packet's number in it."""
    table = flows.Flows(timeout)
    for index, (time, link, data, wire) in enumerate(captures.read(path)):
        packet = packets.parse(link, data, wire)
        if isinstance(packet, str):
            yield index, packet, None
        else:
            yield index, "classified", (*table.features(packet, time), *table.place)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("capture")
    parser.add_argument("--outcomes", action="store_true", help="print index,outcome instead")
    parser.add_argument("--flows", action="store_true", help="add the columns flow and packet")
    parser.add_argument("--flow-timeout", type=int, default=120, metavar="SECONDS")
    options = parser.parse_args()
    try:
        more = ",flow,packet" if options.flows else ""
        print("index,outcome" if options.outcomes
              else "index," + ",".join(flows.NAMES) + ",label" + more)
        for index, outcome, row in examine(options.capture, options.flow_timeout):
            if options.outcomes:
                print(f"{index},{outcome}")
            elif row:
                print(index, *row[:12], "", *(row[12:] if options.flows else ()), sep=",")
    except (OSError, captures.Damaged) as error:
        sys.stdout.flush()
        print(f"oracle: {options.capture}: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
