# SPDX-License-Identifier: BSD-2-Clause
"""Attack scenarios that look for something: port scans (nmap) and guessed passwords (hydra, ssh,
curl)."""
from .benign_other import ssh, ssh_port
from .benign_web import base, curl
from .lab import address
from .scenario import scenario
from .services import WORDS


def nmap(ctx, options, targets, timeout=25):
    """nmap without name look-ups, and without a ping first."""
    family = ["-6"] if ctx.v6 else []
    return ctx.run(["nmap", *family, "-n", "-Pn", "--send-ip", "-e", "eth0", "-S", ctx.own(),
                    "--host-timeout", f"{timeout - 2}s", *options, *targets], timeout)


def which_ports(ctx, low, high):
    """--top-ports N, a range, or a random list."""
    count = ctx.some(low, high)
    kind = ctx.rng.randrange(3)
    if kind == 0:
        return ["--top-ports", count]
    first = ctx.rng.randrange(1, 64000)
    if kind == 1:
        return ["-p", f"{first}-{first + count - 1}"]
    return ["-p", ",".join(str(p) for p in sorted(ctx.rng.sample(range(1, 65536), count)))]


def manner(ctx, raw=True):
    """Options that change a scan's looks: its timing, its source port, its padding."""
    options = [ctx.rng.choice(("-T3", "-T4", "-T4", "-T5"))]
    if raw and ctx.rng.random() < 0.3:
        options += ["-g", ctx.rng.choice((53, 80, 443, ctx.rng.randrange(1024, 65535)))]
    if raw and ctx.rng.random() < 0.15:
        options += ["-D", f"{address('atk', ctx.plan.owned[1][1], ctx.family)},ME"]
    if raw and ctx.rng.random() < 0.25:
        options += ["--data-length", ctx.rng.randrange(1, 60)]
    if ctx.rng.random() < 0.25:
        options += ["--max-rate", ctx.rng.randrange(20, 120)]
    return options


def half_open(ctx):
    """The kind of TCP scan: half-open more often than with whole connections."""
    return ctx.rng.choice(("-sS", "-sS", "-sT"))


@scenario("portscan", needs=("atk", "atk"))
def scan_syn(ctx):
    """Half-open scan of many ports of one server, now and then with a decoy beside it."""
    nmap(ctx, ["-sS", *manner(ctx), *which_ports(ctx, 60, 140)], [ctx.server()])


@scenario("portscan", needs=("atk",))
def scan_connect(ctx):
    """Scan with whole connections: its SYN is that of any client."""
    nmap(ctx, ["-sT", *manner(ctx, False), *which_ports(ctx, 25, 60)], [ctx.server()])


@scenario("portscan", needs=("atk",))
def scan_udp(ctx):
    """UDP ports, told by the ICMP errors of those that are closed."""
    nmap(ctx, ["-sU", "-T4", "--max-retries", 1, "--data-length",
               ctx.rng.choice((0, 0, ctx.rng.randrange(1, 100))), *which_ports(ctx, 10, 25)],
         [ctx.server()], 15)


@scenario("portscan", needs=("atk",))
def scan_odd(ctx):
    """Scans with flags that no connection begins with."""
    for kind in ctx.rng.sample(("-sF", "-sN", "-sX", "-sA", "-sW", "-sM"), 2):
        nmap(ctx, [kind, "-T4", "--max-retries", 1, *which_ports(ctx, 10, 25)], [ctx.server()], 12)


@scenario("portscan", needs=("atk",))
def scan_sweep(ctx):
    """One or few ports over many servers."""
    ports = ctx.rng.sample((21, 22, 23, 80, 443, 445, 1883, 3306, 3389, 5900, 8080, 9200),
                           ctx.rng.randrange(1, 4))
    nmap(ctx, [half_open(ctx), "-T4", "-p", ",".join(map(str, ports))],
         ctx.servers(min(24, ctx.some(10, 16))))


@scenario("portscan", needs=("atk",))
def scan_slow(ctx):
    """A scan that takes its time."""
    delay = ctx.rng.uniform(0.15, 0.4)
    count = max(10, int(8 * ctx.factor / delay / 2))
    ports = ",".join(str(p) for p in ctx.rng.sample(range(1, 10000), count))
    nmap(ctx, [half_open(ctx), "--scan-delay", f"{delay:.2f}s", "--max-retries", 0, "-p", ports],
         [ctx.server()], 40)


@scenario("portscan", needs=("atk",))
def scan_dark(ctx):
    """A scan of hosts that don't answer."""
    nmap(ctx, [half_open(ctx), "-T4", "--max-retries", 1, *which_ports(ctx, 8, 14)],
         sorted({ctx.dark() for _ in range(3)}), 20)


@scenario("portscan", needs=("atk",))
def scan_hosts(ctx):
    """Which of the addresses live? Echo requests and TCP pings."""
    kind = ctx.rng.choice((["-PE"], ["-PS22,80,443"], ["-PA80"], ["-PE", "-PS443", "-PA80"]))
    family = ["-6"] if ctx.v6 else []
    ctx.run(["nmap", *family, "-n", "-sn", "--send-ip", "-e", "eth0", "-S", ctx.own(), "-T4", *kind,
             *ctx.servers(min(24, ctx.some(12, 20))), ctx.dark(), ctx.dark()], 20)


@scenario("portscan", needs=("atk",), scales=("medium", "large"))
def scan_version(ctx):
    """nmap asks the open ports what they are. Its probes are nmap's, so no capture with them
    ships."""
    ports = ctx.rng.sample([22, 25, 53, 80, 110, 143, 443, 1883, 3306, 8080], 3)
    nmap(ctx, ["-sV", "--version-light", "-T4", "-p", ",".join(map(str, ports))], [ctx.server()],
         15)


@scenario("portscan", needs=("atk", "srv"), families=(4,))
def scan_hping(ctx):
    """hping3's own scan."""
    first = ctx.rng.randrange(1, 9000)
    ctx.run(["hping3", "-I", "eth0", "-a", ctx.own(), "-S", "--scan",
             f"{first}-{first + ctx.some(30, 60)}", ctx.own(1)], 10)


def guesses(ctx, count):
    """A file of wrong passwords."""
    return ctx.file("".join(f"{ctx.rng.choice(WORDS)}{ctx.rng.randrange(10000)}\n"
                            for _ in range(count)))


def hydra(ctx, count, url, tasks, timeout=25, options=()):
    family = ["-6"] if ctx.v6 else []
    ctx.pin(ctx.own(1))
    ctx.run(["hydra", *family, "-I", "-l", ctx.rng.choice(("root", "admin", "lab", "test")), "-P",
             guesses(ctx, count), "-t", tasks, "-w", "5", *options, url], timeout)


@scenario("bruteforce", needs=("atk", "srv"))
def guess_ssh_hydra(ctx):
    """hydra against sshd, several connections at once, several passwords in each."""
    hydra(ctx, ctx.some(8, 14), f"ssh://{ctx.host(ctx.own(1))}:{ssh_port(ctx)}",
          ctx.rng.randrange(1, 5))


@scenario("bruteforce", needs=("atk",))
def guess_ssh_loop(ctx):
    """ssh with one wrong password per connection, as fast as it goes."""
    server, port = ctx.server(), ssh_port(ctx)
    for _ in range(ctx.some(3, 5)):
        ssh(ctx, "true", key=False, wrong=True, server=server, port=port)


@scenario("bruteforce", needs=("atk",))
def guess_ssh_slow(ctx):
    """The same with pauses."""
    server, port = ctx.server(), ssh_port(ctx)
    for _ in range(ctx.some(2, 3)):
        ssh(ctx, "true", key=False, wrong=True, server=server, port=port)
        ctx.pause(0.5, 2.0)


@scenario("bruteforce", needs=("atk", "srv"))
def guess_web_hydra(ctx):
    """hydra against a page with HTTP basic authentication."""
    port = ctx.rng.choice(ctx.services.http)
    hydra(ctx, ctx.some(10, 18), f"http-get://{ctx.host(ctx.own(1))}:{port}/private/",
          ctx.rng.randrange(1, 6))


@scenario("bruteforce", needs=("atk",))
def guess_web_curl(ctx):
    """curl against the same page, a connection per guess or one for all."""
    url = base(ctx) + "/private/"
    if ctx.rng.random() < 0.5:
        for _ in range(ctx.some(8, 14)):
            curl(ctx, [url], ["-u", f"admin:{ctx.rng.choice(WORDS)}{ctx.rng.randrange(100)}"])
    else:
        user = f"//admin:{ctx.rng.choice(WORDS)}@"
        curl(ctx, [url.replace("//", user)] * ctx.some(15, 25))


@scenario("bruteforce", needs=("atk", "srv"))
def guess_web_form(ctx):
    """hydra against a login form."""
    port = ctx.rng.choice(ctx.services.http)
    form = "/login:user=^USER^&password=^PASS^:failed"
    hydra(ctx, ctx.some(8, 14), f"http-post-form://{ctx.host(ctx.own(1))}:{port}{form}",
          ctx.rng.randrange(1, 5))


@scenario("bruteforce", needs=("atk", "srv"))
def guess_mail(ctx):
    """hydra against the mail services."""
    kind = ctx.rng.choice(("smtp", "pop3", "imap"))
    port = ctx.rng.choice(ctx.services.dialogs[kind])
    hydra(ctx, ctx.some(10, 18), f"{kind}://{ctx.host(ctx.own(1))}:{port}", ctx.rng.randrange(1, 5))


@scenario("bruteforce", needs=("atk", "srv"))
def guess_files(ctx):
    """hydra against FTP."""
    hydra(ctx, ctx.some(10, 18), f"ftp://{ctx.host(ctx.own(1))}:21", ctx.rng.randrange(1, 5))


@scenario("bruteforce", needs=("atk", "srv"))
def guess_terminal(ctx):
    """hydra against telnet."""
    hydra(ctx, ctx.some(6, 10), f"telnet://{ctx.host(ctx.own(1))}:23", ctx.rng.randrange(1, 4))


@scenario("bruteforce", needs=("atk",))
def guess_mqtt(ctx):
    """Wrong passwords at the MQTT broker."""
    server, port = ctx.server(), ctx.rng.choice(ctx.services.mqtt)
    for number in range(ctx.some(8, 14)):
        ctx.run(["mosquitto_pub", "-h", server, "-p", port, "-A", ctx.own(), "-i", f"g{number}",
                 "-u", "admin", "-P", f"{ctx.rng.choice(WORDS)}{number}", "-t", "a", "-m", "b"], 6)
