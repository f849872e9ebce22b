#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Sets of prefixes against Python's ipaddress: every address is in the set exactly if one of the
prefixes holds it. AFXDP_SEED repeats a run."""

import ipaddress
import os
import random
import re
import subprocess
import tempfile
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("AFXDP_BUILD", os.path.join(ROOT, "build"))
LOOKUP = os.path.join(BUILD, "test", "prefix_lookup")
SEED = int(os.environ.get("AFXDP_SEED", time.time_ns() % 10**9))
BITS = {4: 32, 6: 128}
KIND = {4: (ipaddress.IPv4Network, ipaddress.IPv4Address),
        6: (ipaddress.IPv6Network, ipaddress.IPv6Address)}


def network(draw, version, near=None):
    """A prefix anywhere, or one that shares its beginning with another."""
    bits = BITS[version]
    length = draw.choice((draw.randrange(bits + 1), bits, 24 if version == 4 else 64))
    number = draw.getrandbits(bits)
    if near is not None:
        shared = draw.randrange(bits + 1)
        number = number & ((1 << (bits - shared)) - 1) | near >> (bits - shared) << (bits - shared)
    return KIND[version][0]((number >> (bits - length) << (bits - length), length))


def lists(draw):
    yield [], "nothing"
    for version in (4, 6):
        yield [KIND[version][0]((0, 0))], "all of a version"
        for length in range(BITS[version] + 1):
            yield [KIND[version][0]((draw.getrandbits(BITS[version]) >> (BITS[version] - length)
                                     << (BITS[version] - length), length))], f"one of {length}"
        for count in (2, 20, 300):
            made = [network(draw, version) for _ in range(count)]
            yield [each for each in made if each.prefixlen > 7], "far apart"
            base = draw.getrandbits(BITS[version])
            made = [network(draw, version, base) for _ in range(count)]
            yield [each for each in made if each.prefixlen > BITS[version] // 2], "close together"
            yield made, "nested"
        last = draw.getrandbits(BITS[version])
        yield [KIND[version][0](last), KIND[version][0](last ^ 1)], "neighbours"
    yield [network(draw, draw.choice((4, 6))) for _ in range(3000)], "both versions"


def asked(draw, networks):
    """Addresses at both sides of every edge, and others."""
    for each in networks:
        version, bits = each.version, BITS[each.version]
        first = int(each.network_address)
        last = first + (1 << (bits - each.prefixlen)) - 1
        for number in (first - 1, first, draw.randint(first, last), last, last + 1,
                       first ^ 1 << draw.randrange(bits)):
            if 0 <= number < 1 << bits:
                yield KIND[version][1](number)
    for _ in range(50):
        version = draw.choice((4, 6))
        yield KIND[version][1](draw.getrandbits(BITS[version]))


class Model:
    def __init__(self, networks):
        self.lengths = {4: set(), 6: set()}
        self.known = set()
        for each in networks:
            self.lengths[each.version].add(each.prefixlen)
            self.known.add((each.version, each.prefixlen, int(each.network_address)))

    def has(self, address):
        bits, number = BITS[address.version], int(address)
        return any((address.version, length, number >> (bits - length) << (bits - length))
                   in self.known for length in self.lengths[address.version])


class Sets(unittest.TestCase):
    def test_as_ipaddress_says(self):
        print(f"AFXDP_SEED={SEED}", flush=True)
        draw = random.Random(SEED)
        most, looked_up = 0, 0
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "list")
            for networks, kind in lists(draw):
                draw.shuffle(networks)
                with open(path, "w", encoding="ascii") as file:
                    file.writelines(f"{each}\n" for each in networks)
                addresses = list(asked(draw, networks))
                done = subprocess.run([LOOKUP, "@" + path], text=True, capture_output=True,
                                      input="".join(f"{each}\n" for each in addresses),
                                      check=True, timeout=60)
                model = Model(networks)
                wanted = [model.has(address) for address in addresses]
                got = [line == "1" for line in done.stdout.splitlines()]
                self.assertEqual(len(got), len(wanted), kind)
                for address, mine, its in zip(addresses, wanted, got):
                    self.assertEqual(mine, its, f"{address} in a list of {kind}")
                most = max(most, int(re.search(r"at most (\d+) read", done.stderr)[1]))
                looked_up += len(addresses)
        print(f"{looked_up} addresses looked up; at most {most} elements read for one")
        self.assertEqual(most, 20)  # as prefix_set.h says, for neighbours


if __name__ == "__main__":
    unittest.main(verbosity=2)
