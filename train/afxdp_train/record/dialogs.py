# SPDX-License-Identifier: BSD-2-Clause
"""Small TCP servers that talk as mail, file and terminal servers do, for clients that are real.

    dialogs.py CONFIG.json

CONFIG: {"user": ..., "password": ..., "ports": {"smtp": [25], "pop3": [110], "imap": [143],
"ftp": [21], "telnet": [23], "talk": [3306, ...]}}. "talk" is for talk.py: a greeting where the
first byte from the client asks for one, then for each line "N" an answer of N bytes.
"""
import asyncio
import base64
import json
import os
import sys

WANTED = {}  # user, password


def right(user, password):
    return user == WANTED["user"] and password == WANTED["password"]


def letter(size):
    """Text lines of about size bytes, as a mail has."""
    text = base64.b64encode(os.urandom(size * 3 // 4)).decode()
    return "\r\n".join(text[i:i + 72] for i in range(0, len(text), 72))


class Dialog:
    """A connection: lines in, lines out, closed when told or when the client is silent."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    async def say(self, *lines):
        self.writer.write("".join(line + "\r\n" for line in lines).encode())
        await self.writer.drain()

    async def line(self):
        data = await asyncio.wait_for(self.reader.readline(), 20)
        if not data:
            raise ConnectionError
        return data.decode(errors="replace").strip()

    async def typed(self):
        """A line from a terminal: it ends with CR, CR LF or CR NUL."""
        data = b""
        while not data.endswith(b"\r"):
            letter = await asyncio.wait_for(self.reader.readexactly(1), 20)
            data += letter if letter not in (b"\n", b"\0") else b""
        return data.decode(errors="replace").strip()

    async def command(self):
        verb, _, rest = (await self.line()).partition(" ")
        return verb.upper(), rest


def plain(text):
    """User and password of a SASL PLAIN answer."""
    parts = base64.b64decode(text + "==").decode(errors="replace").split("\0")
    return parts[-2:] if len(parts) > 1 else ["", ""]


async def smtp(dialog):
    await dialog.say("220 mail.lab.example ESMTP")
    while True:
        verb, rest = await dialog.command()
        if verb in ("EHLO", "HELO"):
            await dialog.say("250-mail.lab.example", "250-SIZE 1000000", "250 AUTH PLAIN LOGIN")
        elif verb == "AUTH":
            kind, _, first = rest.partition(" ")
            if kind.upper() == "PLAIN":
                if not first:
                    await dialog.say("334 ")
                    first = await dialog.line()
                user, password = plain(first)
            else:
                await dialog.say("334 VXNlcm5hbWU6")
                user = base64.b64decode(await dialog.line()).decode(errors="replace")
                await dialog.say("334 UGFzc3dvcmQ6")
                password = base64.b64decode(await dialog.line()).decode(errors="replace")
            await dialog.say("235 welcome" if right(user, password) else "535 wrong")
        elif verb == "DATA":
            await dialog.say("354 go on")
            while await dialog.line() != ".":
                pass
            await dialog.say("250 taken")
        elif verb == "QUIT":
            return await dialog.say("221 goodbye")
        else:
            await dialog.say("250 fine")


async def pop3(dialog):
    await dialog.say("+OK mail.lab.example")
    user = ""
    while True:
        verb, rest = await dialog.command()
        if verb == "USER":
            user = rest
            await dialog.say("+OK")
        elif verb == "PASS":
            await dialog.say("+OK 2 letters" if right(user, rest) else "-ERR no")
        elif verb == "CAPA":
            await dialog.say("+OK", "USER", "UIDL", ".")
        elif verb in ("LIST", "UIDL"):
            await dialog.say("+OK", "1 1800", "2 9000", ".")
        elif verb == "RETR":
            await dialog.say("+OK", "Subject: letter", "", letter(9000 if "2" in rest else 1800),
                             ".")
        elif verb == "QUIT":
            return await dialog.say("+OK goodbye")
        else:
            await dialog.say("-ERR what")


async def imap(dialog):
    await dialog.say("* OK mail.lab.example")
    while True:
        tag, _, rest = (await dialog.line()).partition(" ")
        verb, _, rest = rest.partition(" ")
        verb = verb.upper()
        if verb == "CAPABILITY":
            await dialog.say("* CAPABILITY IMAP4rev1")
        elif verb == "LOGIN":
            user, _, password = rest.partition(" ")
            if not right(user.strip('"'), password.strip('"')):
                await dialog.say(f"{tag} NO wrong")
                continue
        elif verb in ("SELECT", "EXAMINE"):
            await dialog.say("* 2 EXISTS", "* OK [UIDVALIDITY 1] fine")
        elif verb in ("FETCH", "UID"):
            text = letter(4000)
            await dialog.say(f"* 1 FETCH (BODY[] {{{len(text)}}}", text + ")")
        elif verb == "LOGOUT":
            return await dialog.say("* BYE", f"{tag} OK")
        await dialog.say(f"{tag} OK done")


async def ftp_data(dialog):
    """Opens the data connection of a transfer: a server for one client, whose writer is awaited."""
    opened = asyncio.get_running_loop().create_future()
    server = await asyncio.start_server(
        lambda reader, writer: opened.done() or opened.set_result((reader, writer)),
        dialog.writer.get_extra_info("sockname")[0], 0)
    await dialog.say(f"229 extended passive (|||{server.sockets[0].getsockname()[1]}|)")
    return server, opened


async def ftp_transfer(dialog, verb, rest, data):
    server, opened = data
    await dialog.say("150 opening")
    reader, writer = await asyncio.wait_for(opened, 10)
    if verb == "STOR":
        while await reader.read(65536):
            pass
    else:
        digits = "".join(c for c in rest if c.isdigit())
        writer.write(letter(min(int(digits or 600), 100000)).encode())
        await writer.drain()
    writer.close()
    server.close()
    await dialog.say("226 done")


async def ftp(dialog):
    await dialog.say("220 files.lab.example")
    user, data = "", None
    while True:
        verb, rest = await dialog.command()
        if verb == "USER":
            user = rest
            await dialog.say("331 password please")
        elif verb == "PASS":
            await dialog.say("230 welcome" if right(user, rest) else "530 wrong")
        elif verb == "PWD":
            await dialog.say('257 "/"')
        elif verb == "EPSV":
            data = await ftp_data(dialog)
        elif verb in ("RETR", "LIST", "NLST", "STOR") and data:
            await ftp_transfer(dialog, verb, rest, data)
        elif verb == "QUIT":
            return await dialog.say("221 goodbye")
        elif verb in ("TYPE", "CWD"):
            await dialog.say("200 fine" if verb == "TYPE" else "250 fine")
        else:
            await dialog.say("502 not here")


async def telnet(dialog):
    for _ in range(3):
        dialog.writer.write(b"lab login: ")
        user = await dialog.typed()
        dialog.writer.write(b"Password: ")
        if right(user, await dialog.typed()):
            break
        await dialog.say("Login incorrect", "")
    else:
        return
    while True:
        dialog.writer.write(b"\r\n$ ")
        words = await dialog.typed()
        if words == "exit":
            return
        await dialog.say(letter(20 + 40 * len(words)))


async def talk(dialog):
    if (await dialog.reader.readexactly(1)) == b"g":
        await dialog.say(letter(30 + os.urandom(1)[0] // 3))
    while True:
        dialog.writer.write(os.urandom(min(int(await dialog.line() or 0), 200000)))
        await dialog.writer.drain()


def guarded(dialog):
    async def serve(reader, writer):
        try:
            await dialog(Dialog(reader, writer))
        except (OSError, ValueError, asyncio.TimeoutError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
    return serve


async def main():
    with open(sys.argv[1]) as config:
        config = json.load(config)
    WANTED.update(user=config["user"], password=config["password"])
    kinds = {"smtp": smtp, "pop3": pop3, "imap": imap, "ftp": ftp, "telnet": telnet, "talk": talk}
    servers = [await asyncio.start_server(guarded(kinds[kind]), ["0.0.0.0", "::"], port)
               for kind, ports in config["ports"].items() for port in ports]
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(main())
