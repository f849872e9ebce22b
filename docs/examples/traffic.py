#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""usage: traffic.py serve ADDRESS SECONDS   web pages at ADDRESS, port 8000
          traffic.py call ADDRESS SECONDS    clients that fetch them, and a host that scans ADDRESS

The traffic of docs/tutorial.md. Clients call from 10.9.0.2 to 10.9.0.5, the scanner from 10.9.0.66;
at the end stands what each of them got."""

import http.server
import random
import socket
import sys
import threading
import time

PAGE = b"<p>" + b"All is well. " * 500


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_):
        pass


def serve(address, end):
    server = http.server.ThreadingHTTPServer((address, 8000), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    time.sleep(max(0, end - time.monotonic()))


def connect(source, address, port):
    return socket.create_connection((address, port), 0.5, (source, 0))


def fetch(source, address, end, got):
    """Pages one after the other, with pauses as people make them when they are in a hurry."""
    while time.monotonic() < end:
        got["asked"] += 1
        try:
            with connect(source, address, 8000) as server:
                server.sendall(b"GET / HTTP/1.0\r\n\r\n")
                while server.recv(65536):
                    pass
            got["pages"] += 1
        except OSError:
            pass
        time.sleep(random.uniform(0.01, 0.1))


def scan(source, address, end, got):
    """One port after the other: an answer, be it a refusal, tells of it."""
    ports = random.sample(range(1, 8000), 7999)
    while time.monotonic() < end and ports:
        got["tried"] += 1
        try:
            with socket.socket() as probe:
                probe.settimeout(0.02)
                probe.bind((source, 0))
                probe.connect((address, ports.pop()))
        except ConnectionRefusedError:
            got["told"] += 1
        except OSError:
            pass
        time.sleep(0.003)


def call(address, end):
    got = dict.fromkeys(("asked", "pages", "tried", "told"), 0)
    threads = [threading.Thread(target=fetch, args=(f"10.9.0.{host}", address, end, got))
               for host in range(2, 6)]
    threads.append(threading.Thread(target=scan, args=("10.9.0.66", address, end, got)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"clients got {got['pages']} of {got['asked']} pages, the scanner an answer from "
          f"{got['told']} of {got['tried']} ports")


def main():
    work = {"serve": serve, "call": call}
    if len(sys.argv) != 4 or sys.argv[1] not in work:
        print(__doc__, file=sys.stderr)
        return 2
    work[sys.argv[1]](sys.argv[2], time.monotonic() + float(sys.argv[3]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
