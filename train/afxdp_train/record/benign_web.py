# SPDX-License-Identifier: BSD-2-Clause
"""Benign scenarios: the web, with curl against nginx."""
from .scenario import scenario
from .services import USER


def curl(ctx, urls, options=(), timeout=20):
    """One curl process: URLs of one server go over one connection where the server allows it."""
    lines = [f'url = "{url}"\noutput = "/dev/null"' for url in urls]
    if ctx.rng.random() < 0.5:  # requests of browsers are longer than curl's own
        lines.append(f'header = "Cookie: id={"c" * int(10 ** ctx.rng.uniform(0.5, 2.9))}"')
    return ctx.run(["curl", "-s", "-k", "-g", "--interface", ctx.own(), "--max-time", timeout - 1,
                    *options, "-K", "-"], timeout, "\n".join(lines))


def base(ctx, place="srv", secure=None):
    """http(s)://server:port of one server, the usual ports more often than the others."""
    if secure is None:
        secure = ctx.rng.random() < 0.25
    ports = ctx.services.https if secure else ctx.services.http
    port = ports[min(int(ctx.rng.expovariate(0.7)), len(ports) - 1)]
    return f"http{'s' * secure}://{ctx.host(ctx.server(place))}:{port}"


def files(ctx, count, low, high):
    names = [name for name, size in ctx.services.files.items() if low <= size < high]
    return [ctx.rng.choice(names) for _ in range(count)]


@scenario("benign")
def web_pages(ctx):
    """Small pages, each over a connection of its own, with pauses."""
    for name in files(ctx, ctx.some(8, 12), 0, 6000):
        curl(ctx, [base(ctx) + name])
        ctx.pause(0, 0.4)


@scenario("benign")
def web_keepalive(ctx):
    """Many requests over one connection."""
    server = base(ctx)
    curl(ctx, [server + name for name in files(ctx, ctx.some(8, 16), 0, 12000)])


@scenario("benign")
def web_browser(ctx):
    """A page with its parts, over several connections at once."""
    server = base(ctx)
    for _ in range(ctx.some(1, 1)):
        urls = [server + name for name in files(ctx, ctx.rng.randrange(5, 9), 0, 60000)]
        curl(ctx, urls, ["-Z", "--parallel-max", 6, "--parallel-immediate"])
        ctx.pause(0.1, 0.8)


@scenario("benign")
def web_download(ctx):
    """A file of some size, or a range of a big one."""
    for _ in range(ctx.some(1, 1)):
        size = ctx.some(40000, 90000)
        curl(ctx, [base(ctx) + files(ctx, 1, 100000, 1 << 30)[0]], ["-r", f"0-{size}"])
        ctx.pause(0, 0.5)


@scenario("benign")
def web_slow_download(ctx):
    """A download at a rate that the server bounds."""
    size = ctx.some(20000, 40000)
    url = f"{base(ctx)}/slow{ctx.rng.choice((6, 9, 15))}k" + files(ctx, 1, 100000, 1 << 30)[0]
    curl(ctx, [url], ["-r", f"0-{size}"], 12)


@scenario("benign")
def web_upload(ctx):
    """Files sent with PUT."""
    for _ in range(ctx.some(1, 3)):
        data = ctx.rng.choice(("data700", "data9000", "data9000", "data60000"))
        name = f"{ctx.plan.name}-{ctx.rng.randrange(10 ** 6)}"
        curl(ctx, [f"{base(ctx)}/upload/{name}"], ["-T", ctx.services.path("home", data)])
        ctx.pause(0, 0.3)


@scenario("benign")
def web_login(ctx):
    """Somebody logs in to a protected page; one time in two with a wrong password first."""
    for _ in range(ctx.some(2, 4)):
        url = base(ctx) + "/private/"
        curl(ctx, [url])
        if ctx.rng.random() < 0.5:
            curl(ctx, [url], ["-u", f"{USER}:{ctx.services.password}x"])
            ctx.pause(0.2, 0.8)
        curl(ctx, [url] * ctx.rng.randrange(1, 4), ["-u", f"{USER}:{ctx.services.password}"])
        ctx.pause(0.1, 0.6)


@scenario("benign")
def web_crawler(ctx):
    """A crawler that meets pages that are gone."""
    server = base(ctx)
    for _ in range(ctx.some(2, 4)):
        urls = [server + name for name in files(ctx, 2, 0, 12000)]
        urls += [f"{server}/old{ctx.rng.randrange(1000)}" for _ in range(2)]
        curl(ctx, urls, ctx.rng.choice((["-I"], [], ["--http1.0"])))
        ctx.pause(0, 0.3)


@scenario("benign")
def web_health(ctx):
    """A monitor that asks several services whether they live, again and again."""
    servers = [base(ctx) for _ in range(ctx.rng.randrange(2, 5))]
    for _ in range(ctx.some(3, 5)):
        for server in servers:
            curl(ctx, [server + "/"], ["-I", "--connect-timeout", "2"])
        ctx.pause(0.3, 1.0)


@scenario("benign")
def web_service_down(ctx):
    """A client that retries a service that isn't there: refused connections are benign too."""
    port = ctx.services.closed_port(ctx.rng)
    for _ in range(ctx.some(2, 4)):
        curl(ctx, [f"http://{ctx.host(ctx.server())}:{port}/"], ["--connect-timeout", "1"])
        ctx.pause(0.2, 1.0)


@scenario("benign", needs=("srv",))
def web_outward(ctx):
    """The servers fetch from servers elsewhere: updates, mirrors."""
    for _ in range(ctx.some(2, 3)):
        size = ctx.some(2000, 25000)
        curl(ctx, [base(ctx, "wan") + files(ctx, 1, 20000, 1 << 30)[0]], ["-r", f"0-{size}"])
        curl(ctx, [base(ctx, "wan") + name for name in files(ctx, 3, 0, 12000)])
        ctx.pause(0, 0.4)
