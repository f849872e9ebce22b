# SPDX-License-Identifier: BSD-2-Clause
"""The real servers of the lab, with configuration, keys, certificates and accounts of its own.

Every file lies in the lab's folder and is made for one run; contents are drawn from the seed. sshd
sees its own /etc/passwd and /etc/shadow (bind mounts in its own mount namespace), so that its one
account exists nowhere else.
"""
import base64
import json
import os
import random
import subprocess
import sys

from .lab import HERE, LabError

USER, LAB_UID = "lab", 64001
WORDS = ("amber basil cedar delta ember fjord grove heron indigo juniper krill lemon maple nectar "
         "onyx pearl quartz raven slate tulip umber violet willow xenon yarrow zephyr").split()


# Answers of the protocols that reflection abuses, in bytes of UDP payload per query.
REFLECTED = {17: [200], 19: [1020, 1020], 123: [440] * 6, 161: [26], 162: [1341], 389: [1450, 1450],
             500: [204], 520: [504] * 2, 1900: [268, 307, 331, 312], 3283: [1006], 3702: [1430],
             4500: [204], 5093: [1390], 5353: [480], 10001: [160], 11211: [1400] * 6, 17185: [100],
             27015: [640], 37810: [712], 47808: [96]}


def program(name, *words):
    """The command line of one of the lab's own programs."""
    return [sys.executable, os.path.join(HERE, name)] + [str(word) for word in words]


def password(rng):
    return f"{rng.choice(WORDS)}-{rng.choice(WORDS)}-{rng.randrange(1000):03d}"


def write(path, text, mode=0o644):
    with open(path, "w") as out:
        out.write(text)
    os.chmod(path, mode)


def quiet(argv, text=None):
    done = subprocess.run(argv, input=text, capture_output=True, text=True)
    if done.returncode:
        raise LabError(f"{argv[0]} failed: {done.stderr.strip()}")
    return done.stdout


# Services that talk.py and dialogs.py stand in for.
TALK_TCP = [135, 139, 389, 445, 554, 631, 873, 993, 995, 1433, 1521, 2049, 3306, 3389, 5060, 5432,
            5900, 6379, 9100, 9200, 11211, 25565, 27017, 30120]
TALK_UDP = [161, 443, 500, 1194, 3074, 3478, 4500, 5060, 27015, 30120, 51820]


class Services:
    """What is on offer: ports, the account, the paths. start() starts the lot."""

    def __init__(self, lab, seed):
        self.lab = lab
        rng = random.Random(f"{seed}:services")
        self.password = password(rng)
        ports = rng.sample([p for p in range(1024, 32000) if p not in (1883, 2222, 8000, 8080,
                                                                        8443)], 19)
        self.http = [80, 8080, 8000] + ports[:5]
        self.https = [443, 8443] + ports[5:6]
        self.ssh = [22, 2222] + ports[6:8]
        self.mqtt = [1883] + ports[8:9]
        self.dialogs = {"smtp": [25, 587], "pop3": [110], "imap": [143], "ftp": [21],
                        "telnet": [23], "talk": TALK_TCP + ports[9:14]}
        self.talk_udp = TALK_UDP + ports[14:19]
        self.files = {}
        self.names = [f"{rng.choice(WORDS)}{n}.lab.example" for n in range(24)]
        self.rng = rng

    def closed_port(self, rng):
        """A TCP port on which no server listens, with luck one that some service is known by."""
        open_ports = {*self.http, *self.https, *self.ssh, *self.mqtt, 53}
        open_ports.update(port for ports in self.dialogs.values() for port in ports)
        return rng.choice([port for port in (81, 111, 3000, 5000, 5901, 6443, 8081, 8888, 9000,
                                             rng.randrange(1024, 32000)) if port not in open_ports])

    def path(self, *parts):
        return os.path.join(self.lab.dir, *parts)

    def start(self):
        self.make_account()
        self.make_site()
        for place in ("srv", "wan", "rfl"):
            self.start_web(place)
            self.start_dns(place)
        self.start_polled()
        self.start_ssh()
        self.start_mqtt()
        self.start_dialogs()
        self.daemon("srv", program("udp.py", "answer", *self.talk_udp), self.talk_udp[-1:], "udp")
        write(self.path("reflected.json"), json.dumps(REFLECTED))
        self.daemon("rfl", program("udp.py", "reflect", self.path("reflected.json")), [123],
                    "reflector")

    # -- the account ---------------------------------------------------------------------------

    def make_account(self):
        home = self.path("home")
        os.makedirs(os.path.join(home, ".ssh"), 0o755)
        crypted = quiet(["openssl", "passwd", "-5", "-stdin"], self.password).strip()
        write(self.path("passwd"), "root:x:0:0:root:/nonexistent:/usr/sbin/nologin\n"
              "sshd:x:64000:65534::/run/sshd:/usr/sbin/nologin\n"
              "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
              f"{USER}:x:{LAB_UID}:{LAB_UID}::{home}:/bin/sh\n")
        write(self.path("shadow"), f"root:*:19000::::::\nsshd:*:19000::::::\nnobody:*:19000::::::\n"
              f"{USER}:{crypted}:19000::::::\n", 0o600)
        for name in ("host_key", "user_key"):
            quiet(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f",
                   self.path(name)])
        with open(self.path("user_key.pub")) as key:
            write(os.path.join(home, ".ssh", "authorized_keys"), key.read())
        for size in (700, 9000, 60000):
            write(os.path.join(home, f"data{size}"), self.text(size))
        for folder, _, names in os.walk(home):
            for path in [folder] + [os.path.join(folder, name) for name in names]:
                os.chown(path, LAB_UID, LAB_UID)

    def text(self, size):
        return base64.b64encode(self.rng.randbytes(size)).decode()[:size]

    def start_ssh(self):
        ports = "".join(f"Port {port}\n" for port in self.ssh)
        write(self.path("sshd.conf"), f"""{ports}HostKey {self.path('host_key')}
UsePAM no
PermitRootLogin no
StrictModes no
PidFile none
PrintMotd no
PrintLastLog no
MaxStartups 200
MaxSessions 20
LoginGraceTime 20
UseDNS no
Subsystem sftp internal-sftp
""")
        script = " && ".join([
            "mount -t tmpfs tmpfs /run", "mount -t tmpfs tmpfs /var/log", "mkdir -m 755 /run/sshd",
            f"mount --bind {self.path('passwd')} /etc/passwd",
            f"mount --bind {self.path('shadow')} /etc/shadow",
            f"exec /usr/sbin/sshd -D -e -f {self.path('sshd.conf')}"])
        self.daemon("srv", ["sh", "-c", script], self.ssh, "sshd")

    def daemon(self, place, argv, ports, name):
        path = self.path(f"{name}-{place}.log")
        with open(path, "wb") as log:
            process = self.lab.spawn(place, argv, stdout=log, stderr=subprocess.STDOUT)
        try:
            for port in ports:
                self.lab.wait_listening(process, port, name)
        except LabError as error:
            with open(path, errors="replace") as log:
                raise LabError(f"{error}: {' '.join(log.read().split())[-300:]}") from None

    # -- web -----------------------------------------------------------------------------------

    def make_site(self):
        os.makedirs(self.path("site", "private"))
        os.makedirs(self.path("site", "upload"))
        sizes = [self.rng.randrange(60, 1200) for _ in range(12)]
        sizes += [self.rng.randrange(1200, 12000) for _ in range(12)]
        sizes += [self.rng.randrange(20000, 60000) for _ in range(4)]
        sizes += [self.rng.randrange(100000, 900000) for _ in range(4)]
        for number, size in enumerate(sizes):
            name = f"{self.rng.choice(WORDS)}{number}.txt"
            self.files[f"/{name}"] = size
            write(self.path("site", name), self.text(size))
        write(self.path("site", "private", "index.html"), self.text(400))
        write(self.path("site", "login"), "<form method=post>login failed</form>\n")
        hashed = quiet(["openssl", "passwd", "-apr1", "-stdin"], self.password).strip()
        write(self.path("htpasswd"), f"{USER}:{hashed}\n")
        quiet(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
               "-nodes", "-days", "30", "-subj", "/CN=lab.example", "-keyout",
               self.path("tls.key"), "-out", self.path("tls.crt")])

    def start_web(self, place):
        work = self.path(f"nginx-{place}")
        os.makedirs(work)
        listen = "".join(f"listen {p}; listen [::]:{p};\n" for p in self.http)
        listen += "".join(f"listen {p} ssl; listen [::]:{p} ssl;\n" for p in self.https)
        temporary = "".join(f"{kind}_temp_path {work}/{kind};\n" for kind in
                            ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        write(os.path.join(work, "nginx.conf"), f"""daemon off; user root; worker_processes 1;
pid {work}/pid; error_log {work}/error.log;
events {{ worker_connections 512; }}
http {{
access_log off; {temporary} client_max_body_size 4m; keepalive_timeout 20;
ssl_certificate {self.path('tls.crt')}; ssl_certificate_key {self.path('tls.key')};
server {{
{listen}
root {self.path('site')};
location /private/ {{ auth_basic lab; auth_basic_user_file {self.path('htpasswd')}; }}
location ~ ^/slow(?<pace>[0-9]+k)/(?<what>.*)$ {{ limit_rate $pace; try_files /$what =404; }}
location /upload/ {{ dav_methods PUT; }}
location = /login {{ error_page 405 =200 /login; default_type text/html; }}
}} }}
""")
        self.daemon(place, ["nginx", "-p", work, "-c", os.path.join(work, "nginx.conf"), "-e",
                            os.path.join(work, "error.log")], self.http[:1] + self.https[:1],
                    "nginx")

    # -- DNS and MQTT --------------------------------------------------------------------------

    def start_dns(self, place):
        lines = ["port=53", "no-resolv", "no-hosts", "no-poll", "user=root", "group=root",
                 "edns-packet-max=4096", "pid-file=", "local=/lab.example/", "cache-size=0",
                 "bind-dynamic"]
        for number, name in enumerate(self.names):
            lines.append(f"address=/{name}/198.18.0.{number + 1}")
            lines.append(f"address=/{name}/2001:db8:1::{number + 1:x}")
            lines += [f"txt-record=txt{number}.lab.example,{self.text(220)}"
                      for _ in range(1 + number % 16)]
        write(self.path(f"dnsmasq-{place}.conf"), "\n".join(lines) + "\n")
        self.daemon(place, ["dnsmasq", "-k", "-C", self.path(f"dnsmasq-{place}.conf")], [53],
                    "dnsmasq")

    def start_polled(self):
        """Remote devices that are asked for their counters, and clocks for the time."""
        write(self.path("snmpd.conf"), "agentAddress udp:161,udp6:161\nsysDescr lab\n"
              "sysName lab\nsysLocation lab\nsysContact lab\n")
        os.makedirs(self.path("snmp"), exist_ok=True)
        self.daemon("wan", ["env", "MIBS=", f"SNMP_PERSISTENT_DIR={self.path('snmp')}", "snmpd",
                            "-f", "-Lo", "-C", "-c", self.path("snmpd.conf"), "-I",
                            "system_mib,sysORTable", "-p", self.path("snmpd.pid")], [161], "snmpd")
        self.daemon("wan", program("udp.py", "clocks", 123), [123], "clocks")

    def start_mqtt(self):
        hashes = self.path("mosquitto.passwd")
        quiet(["mosquitto_passwd", "-b", "-c", hashes, USER, self.password])
        os.chmod(hashes, 0o644)
        listeners = "".join(f"listener {port}\n" for port in self.mqtt)
        write(self.path("mosquitto.conf"), f"user root\nallow_anonymous false\n"
              f"password_file {hashes}\n{listeners}")
        self.daemon("srv", ["mosquitto", "-c", self.path("mosquitto.conf")], self.mqtt,
                    "mosquitto")

    def start_dialogs(self):
        path = self.path("dialogs.json")
        write(path, json.dumps({"user": USER, "password": self.password, "ports": self.dialogs}))
        self.daemon("srv", program("dialogs.py", path), [port for ports in self.dialogs.values()
                                                         for port in ports[-1:]], "dialogs")
