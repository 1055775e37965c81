"""guess.py PORT FROM COUNT DONE: COUNT wrong passwords for anna, from one address, over 100 connections at a time.

Writes how many were refused, and makes the file DONE at the end.
"""
import asyncio
import base64
import os
import pathlib
import ssl
import sys

port, source, count, done = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
numbers = iter(range(count))
refused = 0


async def reply(reader):
    while (line := await reader.readline())[3:4] == b"-":
        pass
    return line


async def guess():
    global refused
    number = next(numbers, None)
    while number is not None:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, local_addr=(source, 0))
        except OSError:
            await asyncio.sleep(0.1)
            continue
        await reply(reader)
        writer.write(b"EHLO guess.test\r\n")
        await reply(reader)
        while number is not None:
            writer.write(b"AUTH PLAIN " + base64.b64encode(b"\0anna\0wrong%d" % number) + b"\r\n")
            answer = await reply(reader)
            # A connection ends after some failures, with the answer to the last one.
            if answer[:3] not in (b"535", b"454", b"421"):
                sys.exit(f"answered {answer!r}")
            refused += 1
            number = next(numbers, None)
            if answer[:3] == b"421":
                break
        writer.close()


async def main():
    await asyncio.gather(*(guess() for _ in range(100)))


asyncio.run(main())
pathlib.Path(done).touch()
print(refused)
