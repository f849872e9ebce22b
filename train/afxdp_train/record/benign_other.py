# SPDX-License-Identifier: BSD-2-Clause
"""Benign scenarios: ssh, DNS, iperf3, ping, MQTT, syslog."""
from .scenario import scenario
from .services import USER, WORDS, program

SSH_OPTIONS = ["-F", "/dev/null", "-o", "StrictHostKeyChecking=no", "-o",
               "UserKnownHostsFile=/dev/null", "-o", "GlobalKnownHostsFile=/dev/null", "-o",
               "IdentitiesOnly=yes", "-o", "IdentityAgent=none", "-o", "LogLevel=ERROR", "-o",
               "ConnectTimeout=8"]

SSH_STYLES = ([], [], ["-C"], ["-o", "KexAlgorithms=curve25519-sha256"],
              ["-o", "KexAlgorithms=ecdh-sha2-nistp256", "-c", "aes128-ctr"],
              ["-o", "KexAlgorithms=diffie-hellman-group14-sha256"])


def ssh_port(ctx):
    return ctx.services.ssh[min(int(ctx.rng.expovariate(0.9)), len(ctx.services.ssh) - 1)]


def ssh_words(ctx, key, wrong=False):
    """The words before the host: with a key, or with sshpass and the right or a wrong password. The
    key exchange, whose sizes tell clients apart, is drawn anew."""
    options = SSH_OPTIONS + ctx.rng.choice(SSH_STYLES)
    if key:
        return ["ssh", *options, "-i", ctx.services.path("user_key"), "-o", "BatchMode=yes"]
    secret = ctx.services.password + ("x" if wrong else "")
    return ["sshpass", "-p", secret, "ssh", *options, "-o", "PubkeyAuthentication=no", "-o",
            "NumberOfPasswordPrompts=1"]


def ssh(ctx, command, key=True, wrong=False, timeout=20, text=None, options=(), server=None,
        port=None):
    return ctx.run(ssh_words(ctx, key, wrong) + ["-b", ctx.own(), "-p", port or ssh_port(ctx),
                                                 *options, f"{USER}@{server or ctx.server()}",
                                                 command], timeout, text)


def command(ctx):
    return ctx.rng.choice(("true", "echo done", "ls -l", "cat data700", "head -c 3000 data9000",
                           "wc -c data*", "cat data9000", "sleep 0.3; echo late"))


@scenario("benign")
def ssh_commands(ctx):
    """Sessions with a password, one after the other, with pauses: a person or a cron job."""
    for _ in range(ctx.some(2, 4)):
        ssh(ctx, command(ctx), key=False)
        ctx.pause(0.1, 1.0)


@scenario("benign")
def ssh_automation(ctx):
    """Many short sessions in a row, with a key: what a configuration manager does."""
    server, port = ctx.server(), ssh_port(ctx)
    for _ in range(ctx.some(3, 6)):
        ssh(ctx, command(ctx), server=server, port=port)


@scenario("benign")
def ssh_burst(ctx):
    """Password sessions in quick succession to one server, all of them successful: as like to
    guessing as honest use gets."""
    server, port = ctx.server(), ssh_port(ctx)
    for _ in range(ctx.some(2, 3)):
        words = [ssh_words(ctx, False) for _ in range(2)]
        ctx.at_once([lambda w=w: ctx.run(w + ["-b", ctx.own(), "-p", port, f"{USER}@{server}",
                                              "true"]) for w in words])


@scenario("benign")
def ssh_mistyped(ctx):
    """A wrong password, then the right one."""
    for _ in range(ctx.some(1, 2)):
        server, port = ctx.server(), ssh_port(ctx)
        ssh(ctx, "true", key=False, wrong=True, server=server, port=port)
        ctx.pause(0.5, 1.5)
        ssh(ctx, command(ctx), key=False, server=server, port=port)


@scenario("benign")
def ssh_interactive(ctx):
    """A terminal session: keys arrive one by one, answers come back."""
    keys = [ctx.rng.choice(("ls\n", "pwd\n", "echo hello\n", "cat data700\n", "id -u\n"))
            for _ in range(ctx.some(2, 3))]
    typed = "".join(f"sleep {ctx.rng.uniform(0.03, 0.3):.2f}; printf '%b' '{key}'; "
                    .replace("\n", "\\n") for word in keys for key in word)
    inner = " ".join(ssh_words(ctx, True) + ["-tt", "-b", ctx.own(), "-p", str(ssh_port(ctx)),
                                             f"{USER}@{ctx.server()}"])
    ctx.run(["sh", "-c", f"({typed} printf 'exit\\n') | {inner}"], 25)


@scenario("benign")
def ssh_copy(ctx):
    """scp in both directions."""
    for _ in range(ctx.some(1, 2)):
        name = ctx.rng.choice(("data9000", "data60000"))
        remote = f"{USER}@{ctx.host(ctx.server())}:{name}"
        words = ["scp", "-q", *SSH_OPTIONS, "-i", ctx.services.path("user_key"), "-o",
                 f"BindAddress={ctx.own()}", "-P", ssh_port(ctx)]
        if ctx.rng.random() < 0.5:
            ctx.run(words + [remote, "/dev/null"])
        else:
            ctx.run(words + [ctx.services.path("home", name), remote + ".copy"])


@scenario("benign", needs=("client", "srv"))
def iperf_tcp(ctx):
    """iperf3 over TCP, up or down, sometimes two streams."""
    iperf(ctx, ["-n", f"{ctx.some(20, 40)}K", "-P", ctx.rng.choice((1, 1, 2))] +
          ctx.rng.choice(([], ["-R"])))


@scenario("benign", needs=("client", "srv"))
def iperf_udp(ctx):
    """iperf3 over UDP: as a call or a game would, small datagrams at a steady rate."""
    size = ctx.rng.choice((60, 160, 172, 400, 900, 1200))
    seconds = 1.5 if ctx.factor == 1 else 3
    rate = ctx.rng.randrange(30, 90) * size * 8
    iperf(ctx, ["-u", "-l", size, "-b", rate, "-t", seconds] + ctx.rng.choice(([], ["-R"])))


def iperf(ctx, options):
    port = ctx.rng.choice((5201, ctx.rng.randrange(1024, 60000)))
    server = ctx.own(1)
    process = ctx.start(["iperf3", "-s", "-1", "-B", server, "-p", port], port)
    try:
        ctx.run(["iperf3", f"-{ctx.family}", "-c", server, "-p", port, "-B", ctx.own(), *options],
                15)
    finally:
        ctx.lab.end(process)


def dig(ctx, server, options=()):
    kind = ctx.rng.choice(("A", "A", "A", "AAAA", "AAAA", "TXT", "NX"))
    number = ctx.rng.randrange(24)
    name = {"TXT": f"txt{number}.lab.example", "NX": f"nothing{number}.lab.example"}.get(
        kind, ctx.services.names[number])
    return ctx.run(["dig", f"@{server}", "-b", ctx.own(), "+tries=1", "+time=2", *options, name,
                    "A" if kind == "NX" else kind], 6)


@scenario("benign")
def dns_lookups(ctx):
    """Clients ask the servers for names, now and then over TCP, with and without EDNS."""
    server = ctx.server()
    for _ in range(ctx.some(8, 16)):
        dig(ctx, server, ctx.rng.choice(([], [], ["+noedns"], ["+tcp"], ["+dnssec"],
                                         ["+bufsize=4096"])))
        ctx.pause(0, 0.15)


@scenario("benign", needs=("srv",))
def dns_outward(ctx):
    """The servers ask resolvers elsewhere; some answers are big, as those of an attack are."""
    for place in ("rfl", "wan"):
        server = ctx.server(place)
        for _ in range(ctx.some(4, 8)):
            dig(ctx, server, ctx.rng.choice(([], [], ["+dnssec"], ["+bufsize=4096"])))
            ctx.pause(0, 0.1)


@scenario("benign")
def ping(ctx):
    """Echo requests of several sizes and paces; some don't fit a frame and come as fragments."""
    for _ in range(ctx.some(2, 3)):
        size = ctx.rng.choice((56, 56, 56, 24, 120, 1000, 1472, 3000))
        route = ["-R"] if not ctx.v6 and size < 1000 and ctx.rng.random() < 0.3 else []
        ctx.run(["ping", f"-{ctx.family}", "-n", "-q", *route, "-I", ctx.own(), "-c",
                 ctx.rng.randrange(4, 10), "-i", f"{ctx.rng.uniform(0.05, 0.5):.2f}", "-s", size,
                 ctx.server()], 8)


@scenario("benign", needs=("client", "srv"))
def ping_outward(ctx):
    """The servers ping a client."""
    ctx.run(["ping", f"-{ctx.family}", "-n", "-q", "-I", ctx.own(1), "-c", ctx.some(4, 8), "-i",
             "0.3", ctx.own()], 12, place="srv")


@scenario("benign")
def mqtt(ctx):
    """A subscriber and publishers of sensor values."""
    server, port = ctx.server(), ctx.rng.choice(ctx.services.mqtt)
    count, topic = ctx.some(4, 8), f"sensor/{ctx.rng.randrange(100)}"
    words = ["-h", server, "-p", port, "-A", ctx.own(), "-u", "lab", "-P", ctx.services.password,
             "-t", topic, "-q", ctx.rng.randrange(3)]

    def publish():
        ctx.pause(0.2, 0.4)
        for number in range(count):
            ctx.run(["mosquitto_pub", *words, "-i", f"p{ctx.rng.randrange(10 ** 6)}", "-m",
                     str(ctx.rng.random())[:ctx.rng.randrange(3, 18)]], 6)
            ctx.pause(0, 0.2)
    ctx.at_once([lambda: ctx.run(["mosquitto_sub", *words, "-i", f"s{port}-{topic}", "-C", count,
                                  "-W", 20], 24), publish])


@scenario("benign", needs=("client", "srv"))
def syslog(ctx):
    """Log lines over UDP to a collector: traffic that gets no answer and is benign."""
    port, server = ctx.rng.choice((514, 514, 5514, ctx.rng.randrange(1024, 60000))), ctx.own(1)
    sink = ctx.start(program("udp.py", "sink", server, port), port)
    ctx.pin(server)
    try:
        for _ in range(ctx.some(8, 16)):
            line = " ".join(ctx.rng.choice(WORDS) for _ in range(ctx.rng.randrange(3, 30)))
            ctx.run(["logger", "-n", server, "-P", port, "-d", "-t", "lab", line], 4)
            ctx.pause(0, 0.2)
    finally:
        ctx.lab.end(sink)


@scenario("benign", needs=("client", "srv"))
def ntp(ctx):
    """Clock queries of clients to a server and of the server to another: equal sizes both ways."""
    port, server = 123, ctx.own(1)
    sink = ctx.start(program("udp.py", "ntp", server, port), port)
    try:
        for _ in range(ctx.some(4, 8)):
            ctx.run(program("udp.py", "ask", server, port, ctx.own()), 4)
            ctx.run(program("udp.py", "ask", ctx.server("rfl"), port, server), 4, place="srv")
            ctx.pause(0, 0.3)
    finally:
        ctx.lab.end(sink)
