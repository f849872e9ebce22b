# SPDX-License-Identifier: BSD-2-Clause
"""Small clients for the lab: conversations of a given shape, for services whose own programs would
be too much to install (databases, remote desktops, games, calls).

    talk.py tcp SOURCE ADDRESS PORT SCRIPT.json    with dialogs.py's "talk"; SCRIPT: {"greeting":
                                                   bool, "turns": [[send, receive, pause], ...]} or
                                                   {"listen": true}: hear a greeting and leave
    talk.py telnet SOURCE ADDRESS PORT SCRIPT.json SCRIPT: {"turns": [[text, pause], ...]}
    talk.py udp SOURCE ADDRESS PORT SCRIPT.json    datagrams of SCRIPT's turns [[send, receive,
                                                   pause], ...] with udp.py's "answer"
    talk.py visits SOURCE - 0 SCRIPT.json          short conversations one after the other; SCRIPT:
                                                   [[address, port, script as of tcp], ...], where
                                                   a script may also have "wait" (seconds before
                                                   it), "patience" (until a connection is given up),
                                                   "close": true (connect and close) or "udp": true
    talk.py check SOURCE ADDRESS PORT -            connect and close
Sizes are in bytes, pauses in seconds.
"""
import json
import socket
import sys
import time

from udp import family_of, question


def connect(source, address, port, patience=5):
    return socket.create_connection((address, port), patience, (source, 0))


def receive(link, count):
    while count > 0:
        data = link.recv(min(count, 65536))
        if not data:
            raise ConnectionError
        count -= len(data)


def tcp(link, script):
    if script.get("listen"):  # a service that speaks first, and isn't ours
        link.recv(4096)
        return
    link.sendall(b"g" if script["greeting"] else b"-")
    if script["greeting"]:
        link.recv(4096)
    for send, answer, pause in script["turns"]:
        link.sendall(str(answer).rjust(max(send - 1, 1)).encode() + b"\n")
        receive(link, answer)
        time.sleep(pause)


def telnet(link, script):
    """Types letter by letter, as a terminal in character mode does."""
    link.recv(4096)
    for text, pause in script["turns"]:
        for letter in text:
            link.sendall(letter.encode())
            time.sleep(pause / 10)
        link.sendall(b"\r\n")
        time.sleep(pause)
        link.recv(65536)


def udp(link, script):
    link.settimeout(0.5)
    for send, answer, pause in script["turns"]:
        link.send(question(send, answer))
        if answer:
            try:
                link.recv(65536)
            except OSError:
                pass
        time.sleep(pause)


def connected(source, address, port):
    """A datagram socket with an end at either address."""
    link = socket.socket(family_of(address), socket.SOCK_DGRAM)
    link.bind((source, 0))
    link.connect((address, port))
    return link


def visit(source, address, port, script):
    if script.get("udp"):
        with connected(source, address, port) as link:
            udp(link, script)
        return
    with connect(source, address, port, script.get("patience", 5)) as link:
        if not script.get("close"):
            tcp(link, script)


def visits(source, path):
    with open(path) as plan:
        for address, port, script in json.load(plan):
            time.sleep(script.get("wait", 0))
            try:
                visit(source, address, port, script)
            except OSError:
                pass  # one lost conversation doesn't end the round


def main():
    kind, source, address, port, path = sys.argv[1:]
    if kind == "visits":
        return visits(source, path)
    if kind == "udp":
        link = socket.socket(family_of(address), socket.SOCK_DGRAM)
        if address.startswith("224.") or address.startswith("239."):
            link.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(source))
        link.bind((source, 0))
        link.connect((address, int(port), 0, socket.if_nametoindex("eth0")) if
                     address.startswith("ff02:") else (address, int(port)))
    else:
        link = connect(source, address, int(port))
    if kind != "check":
        with open(path) as script:
            {"tcp": tcp, "telnet": telnet, "udp": udp}[kind](link, json.load(script))
    link.close()


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        sys.exit(f"talk: {error}")
