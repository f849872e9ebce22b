# SPDX-License-Identifier: BSD-2-Clause
"""Checks a BPF object for what the verifiers of some kernels refuse, on a machine without them:
numbers added to a pointer that they know no bound of.

It walks the instructions with intervals and believes less than any verifier from 5.10 to 7.3:

- a comparison tells of the very register compared, not of its copies (before 6.3);
- a product of two variables in 32 bits may be anything (before 6.3);
- a sum that begins below zero has no bound (7.3).

So what passes here passes there, as far as sums are concerned. It knows nothing else of a verifier:
verifier_test asks the running kernel, test/vm asks several. What a program's loader writes into
constant data before loading is given as `frozen`, section to bytes: it bounds what is masked by it."""

import struct

MOST = (1 << 64) - 1
HALF = (1 << 32) - 1
SCALAR, PACKET, END, CONTEXT, MEMORY, STACK, FROZEN, UNKNOWN = range(8)
LIMITS = {PACKET: 0xFFFF, MEMORY: 1 << 29}  # MAX_PACKET_OFF, BPF_MAX_VAR_OFF
CONTEXT_POINTERS = {0: PACKET, 4: END, 8: PACKET}  # data, data_end, data_meta of struct xdp_md
SIZES = {0x00: 4, 0x08: 2, 0x10: 1, 0x18: 8}
MAP_LOOKUP = 1
COMPARE_AND_SWAP = 0xF1
STATES_MOST = 400  # of a block that differ in constants; then they are joined
VISITS_MOST = 300  # of a joined state, before what still grows is taken to be unbounded


class Object:
    """What is needed of an ELF file: code by section, functions, relocations, line numbers."""

    def __init__(self, path, frozen):
        with open(path, "rb") as file:
            self.data = file.read()
        offset, = struct.unpack_from("<Q", self.data, 0x28)
        count, names = struct.unpack_from("<HH", self.data, 0x3C)
        self.sections = [struct.unpack_from("<IIQQQQIIQQ", self.data, offset + 64 * i)
                         for i in range(count)]
        self.names = self.content(names)
        self.relocated = {}
        for section in self.sections:
            if section[1] == 9:  # SHT_REL
                self.relocated.setdefault(section[7], {}).update(self.targets(section, frozen))

    def targets(self, section, frozen):
        """What relocated instructions load: memory, or bytes of `frozen`."""
        for at in range(section[4], section[4] + section[5], 16):
            place, info = struct.unpack_from("<QQ", self.data, at)
            symbol = self.sections[section[6]][4] + 24 * (info >> 32)
            home, value = struct.unpack_from("<HQ", self.data, symbol + 6)
            name = self.section_name(home) if home < len(self.sections) else ""
            yield place // 8, frozen[name][value:] if name in frozen else None

    def content(self, index):
        section = self.sections[index]
        return self.data[section[4]:section[4] + section[5]]

    @staticmethod
    def text(table, at):
        return table[at:table.index(b"\0", at)].decode()

    def section_name(self, index):
        return self.text(self.names, self.sections[index][0])

    def programs(self):
        """(section's number, function's name, its first instruction, code of the section)."""
        for section in self.sections:
            if section[1] != 2:  # SHT_SYMTAB
                continue
            strings = self.content(section[6])
            for at in range(section[4], section[4] + section[5], 24):
                name, info, _, home, value, _ = struct.unpack_from("<IBBHQQ", self.data, at)
                if info & 15 == 2:  # STT_FUNC
                    yield home, self.text(strings, name), value // 8, self.content(home)

    def lines(self, wanted):
        """Instruction to "file:line" of a section, from .BTF.ext."""
        found = {self.section_name(i): i for i in range(len(self.sections))}
        if ".BTF" not in found or ".BTF.ext" not in found:
            return {}
        btf, ext = self.content(found[".BTF"]), self.content(found[".BTF.ext"])
        header, strings = struct.unpack_from("<I", btf, 4)[0], struct.unpack_from("<I", btf, 16)[0]
        strings = btf[header + strings:]
        header, _, _, at, length = struct.unpack_from("<IIIII", ext, 4)
        at, lines = header + at, {}
        end, size = at + length, struct.unpack_from("<I", ext, at)[0]
        at += 4
        while at < end:
            name, count = struct.unpack_from("<II", ext, at)
            at += 8
            for _ in range(count):
                offset, file, _, place = struct.unpack_from("<IIII", ext, at)
                if self.text(strings, name) == wanted:
                    base = self.text(strings, file).rsplit("/", 1)[-1]
                    lines[offset // 8] = f"{base}:{place >> 10}"
                at += size
        return lines


# A value: kind, least, most, and how many low bits are known to be zero, which keeps a counter that
# grows by four from stepping over its end.

def zeros(number):
    return (number & -number).bit_length() - 1 if number else 64


def scalar(least=0, most=MOST, low=0):
    if least == most:
        return constant(least)
    mask = (1 << low) - 1
    least, most = (least + mask) & ~mask, most & ~mask
    return (SCALAR, least, most, low) if least <= most else (SCALAR, 0, MOST, 0)


def constant(number):
    return (SCALAR, number, number, zeros(number))


ANY = scalar()
NOTHING = (UNKNOWN, 0, 0, 0)


def join(a, b):
    if a == b:
        return a
    if a[0] != b[0] or a[0] == FROZEN:
        return NOTHING
    return (a[0], min(a[1], b[1]), max(a[2], b[2]), min(a[3], b[3]))


def fits(value, wide):
    return value if wide or value[2] <= HALF else scalar(0, HALF, min(value[3], 32))


def arithmetic(operation, wide, a, b):
    """a OPERATION b of two scalars."""
    top = MOST if wide else HALF
    a, b = fits(a, wide), fits(b, wide)
    known = b[1] == b[2]
    low, least, most = 0, 0, top
    if operation == 0x00:
        low, least, most = min(a[3], b[3]), a[1] + b[1], a[2] + b[2]
    elif operation == 0x10:
        low, least, most = min(a[3], b[3]), a[1] - b[2], a[2] - b[1]
    elif operation == 0x20 and (wide or known or a[1] == a[2]):
        low, least, most = min(a[3] + b[3], 63), a[1] * b[1], a[2] * b[2]
    elif operation == 0x30 and known and b[1]:
        least, most = a[1] // b[1], a[2] // b[1]
    elif operation == 0x40:
        low, least, most = min(a[3], b[3]), max(a[1], b[1]), (1 << max(a[2].bit_length(),
                                                                       b[2].bit_length())) - 1
    elif operation == 0x50:
        low, least, most = max(a[3], b[3]), 0, min(a[2], b[2])
    elif operation == 0x60 and known:
        low, least, most = min(a[3] + b[1], 63), a[1] << b[1], a[2] << b[1]
    elif operation == 0x70 and known:
        low, least, most = max(a[3] - b[1], 0), a[1] >> b[1], a[2] >> b[1]
    elif operation == 0xA0:
        low, most = min(a[3], b[3]), (1 << max(a[2].bit_length(), b[2].bit_length())) - 1
    elif operation == 0xC0 and known and a[2] <= top >> 1:
        least, most = a[1] >> b[1], a[2] >> b[1]
    if least < 0 or most > top:
        least, most = 0, top
    return scalar(least, most, min(low, 63))


def refine(value, operation, least, most, taken):
    """What a comparison with [least, most] leaves of a scalar; None where it can't go this way."""
    low, high = value[1], value[2]
    if not taken:
        operation = {0x10: 0x50, 0x50: 0x10, 0x20: 0xB0, 0x30: 0xA0, 0xA0: 0x30, 0xB0: 0x20}.get(
            operation)
    if operation == 0x10:
        low, high = max(low, least), min(high, most)
    elif operation == 0x50 and least == most:
        low, high = low + (low == least), high - (high == least)
    elif operation == 0x20:
        low = max(low, least + 1)
    elif operation == 0x30:
        low = max(low, least)
    elif operation == 0xA0:
        high = min(high, most - 1)
    elif operation == 0xB0:
        high = min(high, most)
    if low > high:
        return None
    return scalar(low, high, value[3] if low != high else 0)


class Function:
    """The walk through one function."""

    def __init__(self, code, first, relocated):
        self.code = list(struct.iter_unpack("<BBhi", code))
        self.first = first
        self.relocated = relocated
        self.violations = {}
        self.leaders = {first}
        for at, (opcode, _, offset, _) in enumerate(self.code):
            if opcode & 7 in (5, 6) and opcode & 0xF0 not in (0x80, 0x90):
                self.leaders.update((at + 1, at + 1 + offset))

    def check(self):
        """Sums without a bound: the instruction, and what was added."""
        registers = [NOTHING] * 11
        registers[1] = (CONTEXT, 0, 0, 0)
        registers[10] = (STACK, 0, 0, 0)
        states, work = {}, [(self.first, (registers, {}))]
        while work:
            at, state = work.pop()
            state = self.settle(states, at, state)
            if state:
                work.extend(self.block(at, state))
        return self.violations

    @staticmethod
    def settle(states, at, state):
        """The state to go on with from a block, None where all of it was seen. States that differ
        in a constant are kept apart, as a verifier does that walks a loop round by round."""
        registers, stack = state
        known = states.setdefault(at, {})
        key = (tuple(value[1] if value[0] == SCALAR and value[1] == value[2] else value[0]
                     for value in registers),
               tuple(sorted((slot, value[1]) for slot, value in stack.items()
                            if value[0] == SCALAR and value[1] == value[2])))
        if key not in known and len(known) >= STATES_MOST:
            key = None
        if key not in known:
            known[key] = [registers, stack, 0]
            return list(registers), dict(stack)
        old = known[key]
        widen = old[2] > VISITS_MOST
        joined = [join(a, b) for a, b in zip(old[0], registers)]
        slots = {slot: join(old[1][slot], stack[slot]) for slot in old[1].keys() & stack.keys()}
        if joined == old[0] and slots == old[1]:
            return None
        if widen:
            joined = [a if a == b else (ANY if a[0] == SCALAR else a)
                      for a, b in zip(joined, old[0])]
            slots = {slot: value if value == old[1][slot] else
                     (ANY if value[0] == SCALAR else value) for slot, value in slots.items()}
        known[key] = [joined, slots, old[2] + 1]
        return list(joined), dict(slots)

    def block(self, at, state):
        """Runs to the end of a block; what follows it."""
        registers, stack = state
        while True:
            opcode, both, offset, immediate = self.code[at]
            kind = opcode & 7
            if kind in (5, 6):
                if opcode & 0xF0 == 0x90:
                    return []
                if opcode & 0xF0 != 0x80:
                    return self.jump(at, registers, stack)
                registers[0] = (MEMORY, 0, 0, 0) if immediate == MAP_LOOKUP and not both else ANY
                registers[1:6] = [NOTHING] * 5
            else:
                at += self.step(at, registers, stack, (opcode, both & 15, both >> 4, offset,
                                                       immediate))
            at += 1
            if at in self.leaders:
                return [(at, (registers, stack))]

    def step(self, at, registers, stack, instruction):
        """One instruction that doesn't jump; how many more it takes."""
        opcode, to, source, offset, immediate = instruction
        kind = opcode & 7
        if kind in (4, 7):
            operand = registers[source] if opcode & 8 else constant(immediate & MOST)
            registers[to] = self.alu(at, opcode & 0xF0, kind == 7, registers[to], operand)
        elif kind == 0:
            high = self.code[at + 1][3]
            content = self.relocated.get(at)
            if content is not None:
                registers[to] = (FROZEN, content[immediate:], b"", 0)
            elif source or at in self.relocated:
                registers[to] = (MEMORY, 0, 0, 0)
            else:
                registers[to] = constant((immediate & HALF) | (high & HALF) << 32)
            return 1
        elif kind == 1:
            registers[to] = self.load(registers[source], stack, offset, SIZES[opcode & 0x18])
        elif opcode == 0xDB:  # atomic; what was there goes to r0 when it swaps, else to the source
            registers[0 if immediate == COMPARE_AND_SWAP else source] = ANY
        elif kind in (2, 3) and registers[to][0] == STACK:
            offset += registers[to][1]
            stack.pop(offset & ~7, None)
            if SIZES[opcode & 0x18] == 8:
                stack[offset] = registers[source] if kind == 3 else constant(immediate & MOST)
        return 0

    @staticmethod
    def load(base, stack, offset, size):
        if base[0] == STACK and size == 8:
            return stack.get(base[1] + offset, ANY)
        if base[0] == CONTEXT and offset in CONTEXT_POINTERS:
            return (CONTEXT_POINTERS[offset], 0, 0, 0)
        if base[0] == FROZEN and base[1]:
            return constant(int.from_bytes(base[1][offset:offset + size], "little"))
        return scalar(0, (1 << 8 * size) - 1)

    def alu(self, at, operation, wide, a, b):
        if operation == 0xB0:
            return b if wide else fits(b, False) if b[0] == SCALAR else ANY
        if operation == 0x80:
            return ANY
        if operation == 0xD0:  # byte swap: of as many bits as the operand says, at most 32 here
            return scalar(0, MOST)
        pointer, number = (a, b) if a[0] != SCALAR else (b, a)
        if a[0] == SCALAR == b[0]:
            return arithmetic(operation, wide, a, b)
        if number[0] != SCALAR or not wide or operation not in (0x00, 0x10):
            return ANY if number[0] != SCALAR and operation == 0x10 else NOTHING
        if number[1] != number[2] and number[2] > LIMITS.get(pointer[0], MOST):
            self.violations[at] = number
        if pointer[0] == STACK:
            moved = pointer[1] + ((number[1] ^ 1 << 63) - (1 << 63))
            return (STACK, moved, moved, 0) if number[1] == number[2] else NOTHING
        return (MEMORY, 0, 0, 0) if pointer[0] == FROZEN else pointer

    def jump(self, at, registers, stack):
        opcode, both, offset, immediate = self.code[at]
        if opcode & 0xF0 == 0x00:
            return [(at + 1 + offset, (registers, stack))]
        to, source, wide = both & 15, both >> 4, opcode & 7 == 5
        other = registers[source] if opcode & 8 else constant(immediate & (MOST if wide else HALF))
        ways = []
        for taken in (False, True):
            mine = list(registers)
            if self.follow(mine, to, source if opcode & 8 else None, other, opcode, taken, wide):
                ways.append((at + 1 + (offset if taken else 0), (mine, dict(stack))))
        return ways

    @staticmethod
    def follow(registers, to, source, other, opcode, taken, wide):
        """Refines what was compared; False where the branch can't be taken."""
        value = registers[to]
        if value[0] != SCALAR or other[0] != SCALAR or (
                not wide and max(value[2], other[2]) > HALF):
            return True
        operation = opcode & 0xF0
        refined = refine(value, operation, other[1], other[2], taken)
        if refined is None:
            return False
        registers[to] = refined
        if source is not None:
            mirrored = {0x20: 0xA0, 0x30: 0xB0, 0xA0: 0x20, 0xB0: 0x30}.get(operation, operation)
            back = refine(other, mirrored, value[1], value[2], taken)
            if back is None:
                return False
            registers[source] = back
        return True


def violations(path, frozen):
    """One line for each sum without a bound in the programs of an object."""
    elf = Object(path, frozen)
    found = []
    for section, name, first, code in elf.programs():
        lines = elf.lines(elf.section_name(section))
        walk = Function(code, first, elf.relocated.get(section, {}))
        for at, value in sorted(walk.check().items()):
            place = next((lines[i] for i in range(at, -1, -1) if i in lines), "?")
            found.append(f"{name}, instruction {at} ({place}): adds a number of up to "
                         f"{value[2]:#x} to a pointer")
    return found
