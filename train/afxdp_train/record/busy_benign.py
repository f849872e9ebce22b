# SPDX-License-Identifier: BSD-2-Clause
"""Benign scenarios of busy hosts: those that ask many others, or one very often. What looks like an
attack to whoever only counts a host's flows. They play at scale busy alone."""
import json

from .benign_more import sizes
from .benign_web import base, curl, files
from .lab import address
from .scenario import scenario
from .services import program

BUSY = ("busy",)


def visits(ctx, plan, seconds=40):
    """Conversations of talk.py, one after the other: [[address, port, script], ...]."""
    ctx.run(program("talk.py", "visits", ctx.own(), "-", 0, ctx.file(json.dumps(plan))), seconds)


def ab(ctx, url, count, at_once, options=(), source=None):
    """ApacheBench: so many requests, each over a connection of its own, so many at once."""
    return ctx.run(["ab", "-q", "-r", "-s", "5", "-n", count, "-c", min(at_once, count), "-B",
                    source or ctx.own(), *options, url], 30)


def turns(ctx, least, most):
    return {"greeting": ctx.rng.random() < 0.5,
            "turns": sizes(ctx, ctx.rng.randrange(least, most), 2, 1400, 0.02)}


@scenario("benign", scales=BUSY)
def load_test(ctx):
    """A load test of one page, as fast as it goes."""
    ab(ctx, base(ctx, secure=False) + files(ctx, 1, 0, 3000)[0], ctx.some(100, 250),
       ctx.rng.randrange(2, 30), ctx.rng.choice(([], [], ["-k"], ["-i"])))


@scenario("benign", scales=BUSY)
def scraper(ctx):
    """Hundreds of pages of one server, many of them gone."""
    server = base(ctx, secure=False)
    for _ in range(ctx.some(4, 8)):
        name = ctx.rng.choice((files(ctx, 1, 0, 6000)[0], f"/old{ctx.rng.randrange(10 ** 6)}"))
        ab(ctx, server + name, ctx.some(10, 30), ctx.rng.randrange(1, 5))


@scenario("benign", scales=BUSY)
def browser_many(ctx):
    """A browser that opens dozens of connections to several servers within a second or two."""
    for _ in range(ctx.some(2, 4)):
        servers = [base(ctx) for _ in range(ctx.rng.randrange(2, 8))]
        urls = [ctx.rng.choice(servers) + name
                for name in files(ctx, ctx.rng.randrange(20, 45), 0, 12000)]
        curl(ctx, urls, ["-Z", "--parallel-max", 40, "--parallel-immediate", "-H",
                         "Connection: close"])
        ctx.pause(0.3, 2)


@scenario("benign", needs=("client",) * 2, scales=BUSY)
def browsers_in_a_room(ctx):
    """Two hosts, each with several people that browse: many short connections, names first."""
    def browse(own):
        for _ in range(ctx.some(3, 5)):
            ctx.run(["dig", f"@{ctx.server()}", "-b", own, "+tries=1", "+time=2",
                     ctx.rng.choice(ctx.services.names)], 5)
            ab(ctx, base(ctx, secure=ctx.rng.random() < 0.4) + files(ctx, 1, 0, 9000)[0],
               ctx.rng.randrange(4, 12), ctx.rng.randrange(1, 6), source=own)
            ctx.pause(0, 0.6)
    ctx.crew([lambda own=ctx.own(n): browse(own) for n in (0, 1) for _ in range(2)])


@scenario("benign", scales=BUSY)
def monitor_hosts(ctx):
    """Monitoring that pings many hosts, some of them down, and looks at a few of their ports."""
    hosts = ctx.servers(ctx.rng.randrange(12, 24)) + sorted({ctx.dark() for _ in range(3)})
    ports = ctx.rng.sample([22, 25, 53, 80, 443, 3306, 5432, 8080, 1883, 110, 143], 3)
    for _ in range(ctx.some(2, 3)):
        ctx.run(["fping", f"-{ctx.family}", "-q", "-c", 2, "-p", 300, "-i", 5, "-S", ctx.own(),
                 *hosts], 15)
        visits(ctx, [[host, port, {"close": True, "patience": 0.4}] for host in hosts
                     for port in ctx.rng.sample(ports, ctx.rng.randrange(1, 3))])
        ctx.pause(0.3, 1.5)


@scenario("benign", needs=("srv",), scales=BUSY)
def monitor_outward(ctx):
    """The servers' own monitor pings remote hosts; some addresses have no host."""
    count = ctx.rng.randrange(12, 24)
    hosts = ctx.servers(count, "wan") + [address("wan", 0xa00 + ctx.rng.randrange(200), ctx.family)
                                         for _ in range(3)]
    for _ in range(ctx.some(2, 3)):
        ctx.run(["fping", f"-{ctx.family}", "-q", "-c", 3, "-p", 400, "-i", 5, "-S", ctx.own(),
                 *hosts], 15)
        ctx.pause(0.3, 1.5)


@scenario("benign", scales=BUSY)
def balancer(ctx):
    """A load balancer that connects to every server behind it each half second, and closes."""
    hosts, port = ctx.servers(ctx.rng.randrange(4, 16)), ctx.rng.choice(ctx.services.http)
    down = [[ctx.dark(), port, {"close": True, "patience": 0.2}]] * ctx.rng.randrange(2)
    for _ in range(ctx.some(8, 14)):
        visits(ctx, [[host, port, {"close": True}] for host in hosts] + down)
        ctx.pause(0.2, 0.6)


@scenario("benign", needs=("srv",), scales=BUSY)
def snmp_sweep(ctx):
    """Counters of many remote devices by SNMP; some don't answer."""
    hosts = ctx.servers(ctx.rng.randrange(10, 24), "wan")
    hosts += [address("wan", 0xa00 + ctx.rng.randrange(200), ctx.family) for _ in range(2)]
    names = ["1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.1.5.0", "1.3.6.1.2.1.1.6.0"]
    walk = ctx.rng.random() < 0.3

    def poll(some):
        for host in some:
            name = f"udp6:[{host}]:161" if ctx.v6 else f"udp:{host}:161"
            ctx.run(["snmpwalk" if walk else "snmpget", "-m", "", "-v2c", "-c", "lab", "-r", 1,
                     "-t", "0.5", "-Onq", f"--clientaddr={ctx.own()}", name,
                     *(["1.3.6.1.2.1.1"] if walk else ctx.rng.sample(names, 2))], 4)
    for _ in range(ctx.some(1, 2)):
        ctx.crew([lambda n=n: poll(hosts[n::3]) for n in range(3)])


@scenario("benign", needs=("srv",), scales=BUSY)
def clock_sweep(ctx):
    """A host that asks dozens of remote clocks for the time."""
    hosts = ctx.servers(ctx.rng.randrange(12, 24), "wan")
    visits(ctx, [[host, 123, {"udp": True, "turns": [[48, 48, 0]],
                              "wait": ctx.rng.uniform(0, 0.05)}]
                 for _ in range(ctx.some(3, 6)) for host in hosts])


@scenario("benign", scales=BUSY)
def device_sweep(ctx):
    """Every server asked over UDP on a port or two: discovery and inventory. What isn't there
    answers with an ICMP error."""
    ports = ctx.rng.sample(ctx.services.talk_udp, 2) + [ctx.rng.randrange(1024, 32000)]
    plan = [[host, ctx.rng.choice(ports), {"udp": True, "turns": [[ctx.rng.randrange(20, 90),
                                                                   ctx.rng.randrange(20, 400), 0]]}]
            for _ in range(ctx.some(2, 4)) for host in ctx.servers(ctx.rng.randrange(12, 24))]
    visits(ctx, plan)


def questions(ctx, count):
    """A file of names for dig's batch mode."""
    rows = []
    for _ in range(count):
        number = ctx.rng.randrange(24)
        rows.append(ctx.rng.choice((f"{ctx.services.names[number]} A",
                                    f"{ctx.services.names[number]} AAAA",
                                    f"txt{number}.lab.example TXT",
                                    f"gone{number}.lab.example A")))
    return ctx.file("\n".join(rows) + "\n")


def ask(ctx, server, count, options=()):
    ctx.run(["dig", f"@{server}", "-b", ctx.own(), "+tries=1", "+time=1", *options, "-f",
             questions(ctx, count)], 30)


@scenario("benign", needs=("srv",), scales=BUSY)
def resolver(ctx):
    """A resolver of ours that asks many name servers; some never answer."""
    servers = ctx.servers(4, "wan") + ctx.servers(4, "rfl")
    servers += [address("wan", 0xa00 + ctx.rng.randrange(200), ctx.family)]
    ctx.crew([lambda s=s: ask(ctx, s, ctx.some(10, 30)) for s in servers])


@scenario("benign", scales=BUSY)
def lookups_many(ctx):
    """A mail filter or a log analyser: hundreds of names asked for in a row."""
    server = ctx.server()
    ctx.crew([lambda: ask(ctx, server, ctx.some(30, 70), ctx.rng.choice(([], ["+noedns"])))
                 for _ in range(2)])
