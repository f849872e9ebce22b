# SPDX-License-Identifier: BSD-2-Clause
"""Small UDP programs for the lab.

    udp.py sink ADDRESS PORT            takes datagrams and says nothing
    udp.py ntp ADDRESS PORT             answers as a clock server does, 48 bytes for 48
    udp.py ask ADDRESS PORT SOURCE      asks such a server once
    udp.py clocks PORT                  the same at every address of the place, to anything asked
    udp.py answer PORT...               answers with as many bytes as a request of talk.py asks for
    udp.py reflect SIZES.json           answers each datagram with several bigger ones, from the
                                        address that was asked; SIZES: port -> [bytes, bytes, ...]
"""
import json
import os
import select
import socket
import sys

IPV6_RECVPKTINFO, IPV6_PKTINFO = 49, 50
MARK = b"\xafx"


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def serve(address, port, answer):
    server = socket.socket(family_of(address), socket.SOCK_DGRAM)
    server.bind((address, port))
    while True:
        data, peer = server.recvfrom(65536)
        if answer:
            server.sendto(answer(data), peer)


def clock(request):
    return b"\x24" + request[1:48].ljust(47, b"\0")


def ask(address, port, source):
    client = socket.socket(family_of(address), socket.SOCK_DGRAM)
    client.bind((source, 0))
    client.settimeout(1)
    client.sendto(b"\x23" + os.urandom(47), (address, port))
    try:
        client.recvfrom(1024)
    except OSError:
        pass


def serve_many(answers):
    """One socket per port for both families; answers leave with the address that was asked.

    answers: port -> a function that takes a request and gives the sizes of its answers.
    """
    ports = {}
    poll = select.poll()
    for port, sizes in answers.items():
        server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        server.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
        server.bind(("::", int(port)))
        ports[server.fileno()] = (server, sizes)
        poll.register(server, select.POLLIN)
    while True:
        for number, _ in poll.poll():
            server, sizes = ports[number]
            request, extra, _, peer = server.recvmsg(65536, 256)
            info = [(level, kind, data) for level, kind, data in extra if kind == IPV6_PKTINFO]
            for size in sizes(request):
                try:
                    server.sendmsg([os.urandom(size)], info, 0, peer)
                except OSError:
                    break


def question(size, answer):
    """A request of size bytes (4 at least) for an answer of so many bytes."""
    return MARK + answer.to_bytes(2, "big") + os.urandom(max(size - 4, 0))


def asked_size(request):
    """Answers to questions only: a server that answers anything ends in an endless exchange with
    the first reflector that an attack makes it talk to."""
    asks = request[:2] == MARK and len(request) >= 4
    return [int.from_bytes(request[2:4], "big")] if asks and request[2:4] != b"\0\0" else []


def main():
    role, words = sys.argv[1], sys.argv[2:]
    if role == "reflect":
        with open(words[0]) as table:
            serve_many({port: lambda _, sizes=sizes: sizes
                        for port, sizes in json.load(table).items()})
    elif role == "clocks":
        serve_many({words[0]: lambda _: [48]})
    elif role == "answer":
        serve_many({port: asked_size for port in words})
    elif role == "ask":
        ask(words[0], int(words[1]), words[2])
    else:
        serve(words[0], int(words[1]), clock if role == "ntp" else None)


if __name__ == "__main__":
    main()
