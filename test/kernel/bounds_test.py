#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""No sum in a BPF program is without a bound that every kernel's verifier sees (bounds.py)."""

import os
import struct
import unittest

import bounds

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("AFXDP_BUILD", os.path.join(ROOT, "build"))

# struct dt_kernel_limits as dt_kernel.c sets it for the largest forest: masks of a power of two.
FROZEN = {".rodata.dt": struct.pack("<II", 8 * ((1 << 22) - 1), (1 << 22) - 1)}

MOVE, MOVE32, MOVE_IMM, ADD, ADD_IMM, LEFT_IMM, AND_IMM, TIMES32 = (0xBF, 0xBC, 0xB7, 0x0F, 0x07,
                                                                    0x67, 0x57, 0x2C)
LOAD8, LOAD32, BELOW32, UNEQUAL, EXIT = 0x71, 0x61, 0xA6, 0x55, 0x95


def found(*instructions, sum_at):
    """Whether the walk finds just the sum at that instruction; the map's memory is in r1."""
    map_value = (0x18, 0x11, 0, 0), (0, 0, 0, 0)
    code = b"".join(struct.pack("<BBhi", code, to | source << 4, offset, immediate)
                    for code, to, source, offset, immediate in (
                        *((c, b & 15, b >> 4, o, i) for c, b, o, i in map_value), *instructions,
                        (EXIT, 0, 0, 0, 0)))
    return list(bounds.Function(code, 0, {}).check()) == ([] if sum_at is None else [sum_at + 2])


class Walk(unittest.TestCase):
    """What verifiers have refused, and the same put as they take it."""

    def clamp(self, clamped):
        return ((LOAD32, 2, 1, 0, 0), (MOVE32, 3, 2, 0, 0), (BELOW32, clamped, 0, 1, 67),
                (MOVE_IMM, 3, 0, 0, 64), (LEFT_IMM, 3, 0, 0, 3), (ADD, 1, 3, 0, 0))

    def test_a_clamp_of_a_copy(self):
        self.assertTrue(found(*self.clamp(2), sum_at=5))
        self.assertTrue(found(*self.clamp(3), sum_at=None))

    def test_a_product(self):
        product = ((LOAD8, 2, 1, 0, 0), (LOAD8, 3, 1, 1, 0), (TIMES32, 2, 3, 0, 0))
        self.assertTrue(found(*product, (ADD, 1, 2, 0, 0), sum_at=3))
        self.assertTrue(found(*product, (AND_IMM, 2, 0, 0, 0xFFF), (ADD, 1, 2, 0, 0), sum_at=None))

    def loop(self, first):
        """for (r2 = first; r2 != 64; r2 += 4) r3 = r1 + r2 + a byte"""
        return ((MOVE_IMM, 2, 0, 0, first), (LOAD8, 4, 1, 0, 0), (ADD, 4, 2, 0, 0),
                (MOVE, 3, 1, 0, 0), (ADD, 3, 4, 0, 0), (ADD_IMM, 2, 0, 0, 4),
                (UNEQUAL, 2, 0, -6, 64))

    def test_a_loop_that_begins_below_zero(self):
        self.assertTrue(found(*self.loop(-4), sum_at=4))
        self.assertTrue(found(*self.loop(0), sum_at=None))


class Objects(unittest.TestCase):
    def test_every_object(self):
        checked, wrong = 0, []
        for base, folders, files in os.walk(ROOT):
            folders[:] = [name for name in folders
                          if not os.path.exists(os.path.join(base, name, "CMakeCache.txt"))]
            place = os.path.join(BUILD, os.path.relpath(base, ROOT))
            if not any(name.endswith(".bpf.c") for name in files):
                continue
            for name in sorted(os.listdir(place)):
                if name.endswith(".bpf.o"):
                    checked += 1
                    wrong += [f"{name}: {line}"
                              for line in bounds.violations(os.path.join(place, name), FROZEN)]
        print(f"{checked} objects checked", flush=True)
        self.assertGreaterEqual(checked, 8)
        self.assertEqual(wrong, [], "\n".join(wrong))


if __name__ == "__main__":
    unittest.main(verbosity=2)
