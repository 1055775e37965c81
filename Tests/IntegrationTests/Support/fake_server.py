"""SMTP and LMTP servers that behave as a test wants.

fake_server.py EVENTS SERVERS: appends what happens to the file EVENTS, a JSON object per line; SERVERS is a JSON list of objects:
  name              in the events
  listen            "127.0.0.2:2525", or the path of a Unix socket
  lmtp              whether it greets LHLO and answers per recipient
  drop_after_dot    so many messages are taken and not answered: the connection breaks
  starttls          it offers STARTTLS, and hangs up in the handshake
  certificate, key  it offers STARTTLS, and does it with these PEM files
  silent            it accepts connections and says nothing
  offers            what EHLO announces besides PIPELINING and ENHANCEDSTATUSCODES
  room              connections at once; whoever comes besides them is sent away with 421
  goodbyes          so many connections are sent away with 421
  hello_refusals    so many EHLO are refused with 502
  refuses_chunks    BDAT is unknown, whatever is offered
  demands_certificate  over TLS: one of the client, as TLS 1.3 does it, after the handshake
  refuses_over_tls  over TLS: greetings are refused with 550
  hold              seconds from the final dot to the answer
By local part: bad... is refused with a 550 of two lines, tmp... deferred with 451, odd...
the same with control characters and marks of direction; in LMTP, after the data, quota... gets 552 and
locked... 451.
"""
import asyncio
import json
import os
import ssl
import sys

events = open(sys.argv[1], "a", buffering=1)
active = {}


def say(server, event, **facts):
    events.write(json.dumps({"server": server["name"], "event": event, **facts}) + "\n")


def open_connections():
    return dict(active, all=sum(active.values()))


async def accept(server, reader, writer):
    name = server["name"]
    active[name] = active.get(name, 0) + 1
    # Connections that the client has closed already leave the count first.
    await asyncio.sleep(0.05)
    peer = writer.get_extra_info("peername")
    say(server, "connect", peer=peer[0] if peer else "", active=open_connections())
    try:
        await dialogue(server, reader, writer)
    except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
        pass
    finally:
        active[name] -= 1
        say(server, "close")
        writer.close()


async def dialogue(server, reader, writer):
    lmtp = server.get("lmtp", False)
    recipients = []

    async def reply(text):
        writer.write((text + "\r\n").encode())
        await writer.drain()

    if server.get("silent"):
        await reader.read()
        return
    is_secure = False
    room = server.get("room")
    if server.get("goodbyes", 0) > 0 or (room is not None and active[server["name"]] > room):
        server["goodbyes"] = server.get("goodbyes", 0) - 1
        say(server, "goodbye")
        await reply("421 4.7.0 too many connections")
        return
    await reply("220 fake server")
    while line := await reader.readline():
        command = line.decode("utf-8", "replace").rstrip("\r\n")
        verb = command[:4].upper()
        if verb in ("EHLO", "LHLO", "HELO"):
            if is_secure and server.get("refuses_over_tls"):
                await reply("550 5.7.1 not over TLS")
                continue
            if verb == "EHLO" and server.get("hello_refusals", 0) > 0:
                server["hello_refusals"] -= 1
                await reply("502 5.5.1 not today")
                continue
            if verb == "HELO":
                await reply("250 fake server")
                continue
            offers = server.get("starttls") or (server.get("certificate") and not is_secure)
            lines = ["PIPELINING"] + server.get("offers", ["8BITMIME"]) + (["STARTTLS"] if offers else [])
            await reply("250-fake server\r\n" + "".join("250-" + line + "\r\n" for line in lines) + "250 ENHANCEDSTATUSCODES")
        elif verb == "STAR" and server.get("starttls"):
            await reply("220 go on")
            # The hello has come, and is not answered.
            await reader.read(1)
            return
        elif verb == "STAR" and server.get("certificate") and not is_secure:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(server["certificate"], server["key"])
            if server.get("demands_certificate"):
                context.minimum_version = ssl.TLSVersion.TLSv1_3
                context.verify_mode = ssl.CERT_REQUIRED
                context.load_verify_locations(server["certificate"])
            await reply("220 go on")
            await writer.start_tls(context)
            is_secure = True
        elif verb == "MAIL":
            recipients = []
            await reply("250 2.1.0 ok")
        elif verb == "RCPT":
            address = command[command.index("<") + 1 : command.index(">")]
            if address.startswith("bad"):
                await reply("550-5.1.1 No such user here.\r\n550 5.1.1 Ask the postmaster of " + address.split("@")[1])
            elif address.startswith("odd"):
                await reply("451 4.3.0 \x1b[31mred \x9b31m \u202etxt\u2028line")
            elif address.startswith("tmp"):
                await reply("451 4.7.1 Come back later")
            else:
                recipients.append(address)
                await reply("250 2.1.5 ok")
        elif verb == "BDAT" and not server.get("refuses_chunks"):
            # The reply goes out as soon as the octets are there that were announced.
            content = await reader.readexactly(int(command.split()[1]))
            say(server, "message", recipients=recipients, octets=len(content), tls=is_secure)
            await reply("250 2.0.0 taken")
        elif verb == "DATA":
            if not recipients:
                await reply("554 5.5.1 no valid recipients")
                continue
            await reply("354 go on")
            content = b""
            while (line := await reader.readline()) != b".\r\n":
                if not line:
                    return
                content += line[1:] if line.startswith(b".") else line
            say(server, "message", recipients=recipients, octets=len(content), tls=is_secure)
            if server.get("drop_after_dot", 0) > 0:
                server["drop_after_dot"] -= 1
                return
            await asyncio.sleep(server.get("hold", 0))
            for address in recipients if lmtp else [""]:
                if address.startswith("quota"):
                    await reply("552 5.2.2 The mailbox is full")
                elif address.startswith("locked"):
                    await reply("451 4.2.0 The mailbox is locked")
                else:
                    await reply("250 2.0.0 taken")
        elif verb == "QUIT":
            await reply("221 2.0.0 bye")
            return
        else:
            await reply("250 2.0.0 ok" if verb in ("RSET", "NOOP") else "500 5.5.1 unknown command")


async def main():
    for server in json.loads(sys.argv[2]):
        handle = lambda reader, writer, server=server: accept(server, reader, writer)
        if server["listen"].startswith("/"):
            await asyncio.start_unix_server(handle, server["listen"], limit=1 << 20)
            os.chmod(server["listen"], 0o777)
        else:
            host, port = server["listen"].rsplit(":", 1)
            await asyncio.start_server(handle, host, int(port), limit=1 << 20)
    events.write(json.dumps({"server": "", "event": "ready"}) + "\n")
    await asyncio.Event().wait()


asyncio.run(main())
