#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The integers of every packet of a capture, from the design page and nothing else.

    oracle.py CAPTURE > features.csv          the columns of afxdp-features, label empty
    oracle.py --flows CAPTURE > features.csv  and of its --flows
    oracle.py --set 2 CAPTURE > features.csv  twenty-eight columns, of the flow and its hosts
    oracle.py --outcomes CAPTURE > out.csv    index,outcome for every packet

Written independently of the C: where the two differ, one of them misreads the page.
Exit status 2, after what was read, for a capture that is damaged.
"""

import argparse
import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "train"))

from afxdp_train.oracle import captures, flows, packets
import hosts


def examine(path, timeout=120, feature_set=1, cells=2**16, rows=1):
    """Yields (index, outcome, integers or None); outcome: classified, other, malformed.

    The integers are the features of the set, the flow's number and the packet's number in it."""
    table = flows.Flows(timeout)
    memory = hosts.Memory(table, cells, rows)
    for index, (time, link, data, wire) in enumerate(captures.read(path)):
        packet = packets.parse(link, data, wire)
        if isinstance(packet, str):
            yield index, packet, None
        else:
            features = table.features(packet, time)
            if feature_set == 2:
                features += memory.features(packet, time)
            yield index, "classified", (*features, *table.place)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("capture")
    parser.add_argument("--outcomes", action="store_true", help="print index,outcome instead")
    parser.add_argument("--flows", action="store_true", help="add the columns flow and packet")
    parser.add_argument("--flow-timeout", type=int, default=120, metavar="SECONDS")
    parser.add_argument("--set", type=int, default=1, choices=(1, 2), help="feature set")
    options = parser.parse_args()
    names = flows.NAMES + (hosts.NAMES if options.set == 2 else ())
    try:
        more = ",flow,packet" if options.flows else ""
        print("index,outcome" if options.outcomes
              else "index," + ",".join(names) + ",label" + more)
        for index, outcome, row in examine(options.capture, options.flow_timeout, options.set):
            if options.outcomes:
                print(f"{index},{outcome}")
            elif row:
                print(index, *row[:-2], "", *(row[-2:] if options.flows else ()), sep=",")
    except (OSError, captures.Damaged) as error:
        sys.stdout.flush()
        print(f"oracle: {options.capture}: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
