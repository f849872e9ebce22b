# SPDX-License-Identifier: BSD-2-Clause
"""Benign scenarios: mail, files, terminals, and talk on the ports of many other services."""
import json

from .scenario import scenario
from .services import REFLECTED, TALK_TCP, USER, program

PATIENCE = 15


def account(ctx, wrong=False):
    return ["-u", f"{USER}:{ctx.services.password}{'x' * wrong}"]


def curl(ctx, *words):
    return ctx.run(["curl", "-s", "-g", "-o", "/dev/null", "--interface", ctx.own(), "--max-time",
                    PATIENCE - 1, *words], PATIENCE)


def talk(ctx, kind, server, port, script=None, place=None, source=None):
    """One conversation with talk.py; script is what it says."""
    path = "-"
    if script is not None:
        path = ctx.file(json.dumps(script))
    return ctx.run(program("talk.py", kind, source or ctx.own(), server, port, path), PATIENCE,
                   place=place)


def sizes(ctx, count, low, high, pause=0.0):
    """Turns of a conversation: bytes sent, bytes received, seconds until the next."""
    def size():
        return int(low * (high / low) ** ctx.rng.random())
    return [[size(), size(), round(ctx.rng.uniform(0, pause), 3)] for _ in range(count)]


@scenario("benign")
def mail(ctx):
    """Letters sent and fetched; now and then somebody mistypes the password."""
    server = ctx.host(ctx.server())
    for _ in range(ctx.some(2, 4)):
        kind = ctx.rng.choice(("smtp", "pop3", "imap"))
        port = ctx.rng.choice(ctx.services.dialogs[kind])
        if ctx.rng.random() < 0.2:
            curl(ctx, f"{kind}://{server}:{port}/", *account(ctx, wrong=True))
            ctx.pause(0.3, 1)
        if kind == "smtp":
            curl(ctx, f"smtp://{server}:{port}/client", "--mail-from", "a@lab.example",
                 "--mail-rcpt", "b@lab.example", "-T", ctx.services.path("home", ctx.rng.choice(
                     ("data700", "data9000"))), *ctx.rng.choice(([], account(ctx))))
        else:
            path = "INBOX;MAILINDEX=1" if kind == "imap" else ctx.rng.choice(("", "1", "2"))
            curl(ctx, f"{kind}://{server}:{port}/{path}", *account(ctx))
        ctx.pause(0, 0.5)


@scenario("benign")
def files_ftp(ctx):
    """Files over FTP: a control connection, and one on ephemeral ports for each transfer."""
    server = ctx.host(ctx.server())
    for _ in range(ctx.some(1, 2)):
        base = f"ftp://{server}:21"
        if ctx.rng.random() < 0.4:
            curl(ctx, "-T", ctx.services.path("home", "data9000"), f"{base}/new", *account(ctx))
        else:
            curl(ctx, f"{base}/", f"{base}/file{ctx.rng.randrange(500, 20000)}", *account(ctx))
        ctx.pause(0, 0.5)


@scenario("benign")
def terminal_telnet(ctx):
    """A terminal session in the clear."""
    turns = [[USER, 0.1], [ctx.services.password, 0.1]]
    turns += [[ctx.rng.choice(("ls", "date", "show version", "uptime")),
               round(ctx.rng.uniform(0.05, 0.5), 2)] for _ in range(ctx.some(1, 3))]
    talk(ctx, "telnet", ctx.server(), 23, {"turns": turns + [["exit", 0]]})


@scenario("benign")
def talk_services(ctx):
    """Short conversations with databases, desktops, printers and whatever else has a port."""
    for _ in range(ctx.some(6, 10)):
        talk(ctx, "tcp", ctx.server(), ctx.rng.choice(ctx.services.dialogs["talk"]),
             {"greeting": ctx.rng.random() < 0.5,
              "turns": sizes(ctx, ctx.rng.randrange(1, 5), 2, 2500, 0.05)})
        ctx.pause(0, 0.2)


@scenario("benign")
def visits(ctx):
    """Many short connections to many services: beginnings of connections are benign as a rule, and
    a model should see it so."""
    talks = ctx.services.dialogs["talk"]
    script = [[ctx.server(), ctx.rng.choice(talks), {
        "greeting": ctx.rng.random() < 0.5, "turns": sizes(ctx, ctx.rng.randrange(0, 3), 2, 1400,
                                                           0.2)}]
              for _ in range(ctx.some(20, 30))]
    talk(ctx, "visits", "-", 0, script)


@scenario("benign")
def visits_usual(ctx):
    """The same for the services that are attacked most: web, mail, files, terminals, ssh. The
    client reads what a server says first, where it does, and leaves."""
    speak_first = [21, 22, 2222, 25, 110, 143, 587]
    others = [80, 8080, 443, 23, 1883] + ctx.services.http
    ports = [ctx.rng.choice(ctx.rng.choice((speak_first, others))) for _ in range(ctx.some(16, 24))]
    talk(ctx, "visits", "-", 0, [[ctx.server(), port, {"greeting": False, "turns": [],
                                                       "listen": port in speak_first}]
                                 for port in ports])


@scenario("benign")
def talk_long(ctx):
    """A connection that lives long and says little: push services, telemetry."""
    talk(ctx, "tcp", ctx.server(), ctx.rng.choice(ctx.services.dialogs["talk"]),
         {"greeting": True, "turns": sizes(ctx, ctx.some(8, 12), 2, 200, 1.2)})


@scenario("benign")
def check_ports(ctx):
    """A monitor that connects to the services it knows and closes again."""
    ports = ctx.rng.sample(TALK_TCP + [22, 25, 80, 443, 8080], ctx.rng.randrange(2, 5))
    server = ctx.server()
    for _ in range(ctx.some(2, 3)):
        for port in ports:
            talk(ctx, "check", server, port)
        ctx.pause(0.5, 1.5)


@scenario("benign")
def service_filtered(ctx):
    """A client that tries a host which doesn't answer: SYNs without answers are benign too."""
    for _ in range(ctx.some(1, 2)):
        port = ctx.rng.choice((22, 80, 443, 8080, 3306, ctx.rng.randrange(1024, 65535)))
        curl(ctx, f"http://{ctx.host(ctx.dark())}:{port}/", "--connect-timeout",
             ctx.rng.choice((1, 2.5, 4)))
        ctx.pause(0.2, 1)


@scenario("benign")
def talk_datagrams(ctx):
    """Questions and answers over UDP, on the ports of games, calls and tunnels."""
    for _ in range(ctx.some(3, 5)):
        talk(ctx, "udp", ctx.server(), ctx.rng.choice(ctx.services.talk_udp),
             {"turns": sizes(ctx, ctx.rng.randrange(1, 8), 10, 1200, 0.03)})
        ctx.pause(0, 0.2)


@scenario("benign")
def call(ctx):
    """A call: datagrams of much the same size both ways, one every 20 ms or so."""
    size, answer = ctx.rng.choice(((172, 172), (60, 200), (250, 900), (1100, 1100)))
    turns = [[size + ctx.rng.randrange(-20, 20), answer + ctx.rng.randrange(-20, 20), 0.02]
             for _ in range(ctx.some(15, 30))]
    talk(ctx, "udp", ctx.server(), ctx.rng.choice(ctx.services.talk_udp), {"turns": turns})


@scenario("benign", needs=("srv",))
def datagrams_outward(ctx):
    """The servers ask the very hosts and ports that reflect for attackers, and get the same
    answers: asked for, this time."""
    for _ in range(ctx.some(4, 8)):
        talk(ctx, "udp", ctx.server("rfl"), ctx.rng.choice(sorted(REFLECTED)),
             {"turns": [[ctx.rng.randrange(8, 60), 1, 0.05]]})
        ctx.pause(0, 0.3)


@scenario("benign", needs=("lan",))
def announcements(ctx):
    """Devices that announce themselves to groups on the segment, and hear nothing back."""
    group, port = ctx.rng.choice((("ff02::fb", 5353), ("ff02::c", 1900)) if ctx.v6 else
                                 (("224.0.0.251", 5353), ("239.255.255.250", 1900)))
    for _ in range(ctx.some(2, 4)):
        talk(ctx, "udp", group, port, {"turns": [[ctx.rng.randrange(40, 500), 0, 0.1]
                                                 for _ in range(ctx.rng.randrange(1, 4))]})
        ctx.pause(0.1, 0.8)


@scenario("benign", needs=("client", "srv"))
def measurements(ctx):
    """Counters and flow records sent over UDP to a collector that doesn't answer."""
    port = ctx.rng.choice((2055, 8125, 6343, ctx.rng.randrange(1024, 60000)))
    sink = ctx.start(program("udp.py", "sink", ctx.own(1), port), port)
    try:
        for _ in range(ctx.some(2, 4)):
            talk(ctx, "udp", ctx.own(1), port, {
                "turns": [[size, 0, pause] for size, _, pause in
                          sizes(ctx, ctx.rng.randrange(1, 8), 20, 1400, 0.2)]})
    finally:
        ctx.lab.end(sink)
