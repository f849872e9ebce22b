# SPDX-License-Identifier: BSD-2-Clause
"""Benign scenarios of busy hosts: many clients in one place, and clients that connect again and
again. They play at scale busy alone."""
import json

from .benign_more import account
from .benign_more import curl as fetch
from .benign_other import command, ssh, ssh_port, ssh_words
from .benign_web import base, curl, files
from .busy_benign import BUSY, ab, ask, turns, visits
from .lab import address
from .scenario import TARGETS, scenario
from .services import REFLECTED, USER, WORDS, program

CROWD = 30


@scenario("benign", needs=("wan",) * CROWD, scales=BUSY)
def crowd(ctx):
    """Many clients at one server within seconds: a page that everybody wants."""
    url = base(ctx) + files(ctx, 1, 0, 9000)[0]

    def visitor(own):
        ctx.pause(0, 3)
        ab(ctx, url, ctx.rng.randrange(1, 6), ctx.rng.randrange(1, 3), source=own)
    for first in range(0, CROWD, 10):
        ctx.crew([lambda own=ctx.own(n): visitor(own) for n in range(first, first + 10)])


@scenario("benign", needs=("wan",) * CROWD, scales=BUSY)
def crowd_talks(ctx):
    """Players or pollers: many clients that talk shortly with one service, over UDP or TCP."""
    udp = ctx.rng.random() < 0.5
    port = ctx.rng.choice(ctx.services.talk_udp if udp else ctx.services.dialogs["talk"])
    server = ctx.server()

    def visitor(own):
        ctx.pause(0, 2)
        plan = [[server, port, {**turns(ctx, 1, 4), "udp": udp, "wait": ctx.rng.uniform(0, 0.3)}]
                for _ in range(ctx.rng.randrange(1, 5))]
        ctx.run(program("talk.py", "visits", own, "-", 0, ctx.file(json.dumps(plan))), 15)
    for first in range(0, CROWD, 10):
        ctx.crew([lambda own=ctx.own(n): visitor(own) for n in range(first, first + 10)])


@scenario("benign", scales=BUSY)
def peers(ctx):
    """Peer-to-peer: dozens of hosts on ports of any number, several of them gone by now."""
    hosts, plan = ctx.servers(20), []
    for _ in range(ctx.some(60, 120)):
        kind, host = ctx.rng.random(), ctx.rng.choice(hosts)
        wait = {"wait": ctx.rng.uniform(0, 0.15)}
        if kind < 0.4:
            plan.append([host, ctx.rng.choice(ctx.services.dialogs["talk"]),
                         {**turns(ctx, 1, 6), **wait}])
        elif kind < 0.75:
            plan.append([host, ctx.rng.choice(ctx.services.talk_udp),
                         {**turns(ctx, 1, 4), "udp": True, **wait}])
        elif kind < 0.9:
            plan.append([host, ctx.services.closed_port(ctx.rng), {**turns(ctx, 1, 2), **wait}])
        else:
            plan.append([ctx.dark(), ctx.rng.randrange(1024, 60000),
                         {**turns(ctx, 1, 2), "patience": 0.3}])
    third = len(plan) // 3 + 1
    ctx.crew([lambda n=n: visits(ctx, plan[n * third:(n + 1) * third]) for n in range(3)])


@scenario("benign", scales=BUSY)
def api_clients(ctx):
    """Programs that log in anew with each call of an API; every tenth call's token is stale."""
    server, private = base(ctx), ["-u", f"{USER}:{ctx.services.password}"]

    def caller():
        for _ in range(ctx.some(15, 30)):
            wrong = ["-u", f"{USER}:{ctx.rng.choice(WORDS)}"] if ctx.rng.random() < 0.1 else private
            curl(ctx, [server + "/private/"], wrong)
            ctx.pause(0, 0.15)
    ctx.crew([caller] * 2)


@scenario("benign", scales=BUSY)
def poller(ctx):
    """A program that polls one page, each time over a new connection, a few times a second."""
    url = base(ctx) + files(ctx, 1, 0, 2000)[0]
    for _ in range(ctx.some(30, 60)):
        curl(ctx, [url])
        ctx.pause(0.05, 0.3)


@scenario("benign", scales=BUSY)
def database_pool(ctx):
    """A program that opens a connection for each of its hundreds of queries."""
    server, port = ctx.server(), ctx.rng.choice(ctx.services.dialogs["talk"])
    plan = [[server, port, turns(ctx, 1, 4)] for _ in range(ctx.some(60, 140))]
    half = len(plan) // 2
    ctx.crew([lambda: visits(ctx, plan[:half]), lambda: visits(ctx, plan[half:])])


@scenario("benign", scales=BUSY)
def down_refused(ctx):
    """A client whose service is down tries again and again, and is refused."""
    server, port = ctx.server(), ctx.services.closed_port(ctx.rng)
    wait = ctx.rng.choice((0.02, 0.1, 0.3))
    visits(ctx, [[server, port, {"close": True, "wait": ctx.rng.uniform(0, 2 * wait)}]
                 for _ in range(ctx.some(30, 90))])


@scenario("benign", scales=BUSY)
def down_silent(ctx):
    """A client whose server is gone: SYN after SYN without an answer, and all else works."""
    host, port = ctx.dark(), ctx.rng.choice((22, 80, 443, 3306, 8080, 25, 5432))
    plan = [[host, port, {"close": True, "patience": ctx.rng.choice((0.2, 0.6, 1.3))}]
            for _ in range(ctx.some(12, 25))]
    works = [[ctx.server(), ctx.rng.choice(ctx.services.dialogs["talk"]), turns(ctx, 1, 3)]
             for _ in range(ctx.some(8, 20))]
    ctx.crew([lambda: visits(ctx, plan), lambda: visits(ctx, works)])


@scenario("benign", scales=BUSY)
def sensors_behind_one(ctx):
    """Sensors behind one address, each with its own connection to the broker for each value."""
    server, port = ctx.server(), ctx.rng.choice(ctx.services.mqtt)

    def sensor(number):
        for _ in range(ctx.some(5, 9)):
            ctx.run(["mosquitto_pub", "-h", server, "-p", port, "-A", ctx.own(), "-i",
                     f"n{number}-{ctx.rng.randrange(10 ** 6)}", "-u", USER, "-P",
                     ctx.services.password, "-t", f"room/{number}", "-m",
                     str(ctx.rng.random())[:8]], 6)
            ctx.pause(0, 0.3)
    ctx.crew([lambda n=n: sensor(n) for n in range(ctx.rng.randrange(4, 8))])


@scenario("benign", scales=BUSY)
def config_manager(ctx):
    """Configuration management: a key, dozens of hosts, several at once, a command or two each."""
    hosts, port = ctx.servers(ctx.rng.randrange(12, 24)), ssh_port(ctx)

    def manage(some):
        for host in some:
            for _ in range(ctx.rng.randrange(1, 3)):
                ssh(ctx, command(ctx), server=host, port=port)
    ctx.crew([lambda n=n: manage(hosts[n::3]) for n in range(3)])


@scenario("benign", scales=BUSY)
def ssh_passwords_many(ctx):
    """Scripts that log in with the right password, dozens of times, to one server or two."""
    hosts, port = [ctx.server() for _ in range(ctx.rng.randrange(1, 3))], ssh_port(ctx)

    def worker():
        for _ in range(ctx.some(8, 14)):
            words = ssh_words(ctx, False) + ["-b", ctx.own(), "-p", port]
            ctx.run(words + [f"{USER}@{ctx.rng.choice(hosts)}", "true"])
            ctx.pause(0, 0.3)
    ctx.crew([worker] * 2)


@scenario("benign", scales=BUSY)
def mail_fetchers(ctx):
    """Mail clients behind one address that look for mail every few moments."""
    server = ctx.host(ctx.server())

    def client():
        kind = ctx.rng.choice(("pop3", "imap"))
        port = ctx.rng.choice(ctx.services.dialogs[kind])
        path = "INBOX;MAILINDEX=1" if kind == "imap" else ctx.rng.choice(("", "1"))
        for _ in range(ctx.some(8, 14)):
            fetch(ctx, f"{kind}://{server}:{port}/{path}", *account(ctx))
            ctx.pause(0.1, 0.8)
    ctx.crew([client] * 3)


@scenario("benign", scales=BUSY)
def files_many(ctx):
    """A mirror that fetches one file after the other over FTP, logging in for each."""
    server = ctx.host(ctx.server())
    for _ in range(ctx.some(12, 24)):
        fetch(ctx, f"ftp://{server}:21/file{ctx.rng.randrange(200, 6000)}", *account(ctx))


@scenario("benign", scales=BUSY)
def one_address_for_all(ctx):
    """Network address translation: an office behind one address, everybody doing something."""
    def pages():
        for _ in range(ctx.some(5, 8)):
            curl(ctx, [base(ctx) + name for name in files(ctx, 4, 0, 9000)], ["-Z"])
            ctx.pause(0, 0.5)

    def names():
        for _ in range(2):
            ask(ctx, ctx.server(), ctx.some(8, 20))

    def work():
        ssh(ctx, command(ctx), key=False, wrong=True)
        for _ in range(ctx.some(2, 4)):
            ssh(ctx, command(ctx), key=ctx.rng.random() < 0.5)

    def letters():
        for _ in range(ctx.some(3, 6)):
            kind = ctx.rng.choice(("pop3", "imap"))
            fetch(ctx, f"{kind}://{ctx.host(ctx.server())}:"
                  f"{ctx.services.dialogs[kind][0]}/", *account(ctx, ctx.rng.random() < 0.1))
            ctx.pause(0, 0.6)

    def talks():
        ports, udp = ctx.services.dialogs["talk"], ctx.services.talk_udp
        visits(ctx, [[ctx.server(), ctx.rng.choice(udp if n % 2 else ports),
                      {**turns(ctx, 1, 6), "udp": bool(n % 2), "wait": ctx.rng.uniform(0, 0.2)}]
                     for n in range(ctx.some(20, 40))])

    def gone():
        visits(ctx, [[ctx.dark(), ctx.rng.choice((80, 443, 22)), {"close": True, "patience": 0.5}]
                     for _ in range(3)])
    ctx.crew([pages, pages, names, work, letters, talks, gone])


@scenario("benign", needs=("client", "srv"), scales=BUSY)
def counters_sent(ctx):
    """A program that sends hundreds of counters a second over UDP to a collector that is silent."""
    port = ctx.rng.choice((2055, 8125, 6343, ctx.rng.randrange(1024, 60000)))
    sink = ctx.start(program("udp.py", "sink", ctx.own(1), port), port)
    try:
        several = ctx.rng.random() < 0.5
        size = ctx.rng.randrange(30, 400)
        count = ctx.some(60, 150)
        turn = [[size + ctx.rng.randrange(20), 0, 0.003] for _ in range(1 if several else count)]
        visits(ctx, [[ctx.own(1), port, {"udp": True, "turns": turn}]
                     for _ in range(count if several else 1)])
    finally:
        ctx.lab.end(sink)


@scenario("benign", needs=("client", "srv"), scales=BUSY)
def stream(ctx):
    """A steady stream of datagrams of one size, hundreds a second: video, or a test of the line."""
    port, size = ctx.rng.choice((5201, ctx.rng.randrange(1024, 60000))), ctx.rng.choice(
        (64, 172, 400, 1200))
    process = ctx.start(["iperf3", "-s", "-1", "-B", ctx.own(1), "-p", port], port)
    try:
        ctx.run(["iperf3", f"-{ctx.family}", "-c", ctx.own(1), "-p", port, "-B", ctx.own(), "-u",
                 "-l", size, "-b", ctx.rng.randrange(150, 400) * size * 8, "-t", 3,
                 *ctx.rng.choice(([], ["-R"]))], 15)
    finally:
        ctx.lab.end(process)


@scenario("benign", needs=("srv",), scales=BUSY)
def asked_for_many(ctx):
    """The servers ask many of the hosts that reflect for attackers, and get what they asked for."""
    ports = ctx.rng.sample(sorted(REFLECTED), 6)
    hosts = [address("rfl", ctx.rng.randrange(TARGETS), ctx.family) for _ in range(12)]
    visits(ctx, [[ctx.rng.choice(hosts), ctx.rng.choice(ports),
                  {"udp": True, "turns": [[ctx.rng.randrange(8, 60), 1, 0.02]]}]
                 for _ in range(ctx.some(30, 60))])
