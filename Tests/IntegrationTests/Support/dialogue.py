"""dialogue.py PORT: plays SMTP dialogues from standard input against 127.0.0.1, and ends with 1 where a reply is another.

  @NAME     go on with the connection of this name; opened the first time
  C: TEXT   send a line; Python's escapes count
  R: TEXT   send it as it is, without a line end
  X: C N    send the octet C N times
  S: TEXT   a reply comes whose last line begins with it
  END       the server ends the connection
  SHUT      send nothing more
  TOUCH F   make a file
  GONE F    wait until it is gone
"""
import os
import pathlib
import socket
import sys
import time

connections, current = {}, None


def use(name):
    global current
    if name not in connections:
        connections[name] = (peer := socket.create_connection(("127.0.0.1", int(sys.argv[1])), 20)), peer.makefile("rb")
    current = connections[name]


def fail(number, line, got):
    sys.exit(f"line {number}: expected {line!r}, got {got!r}")


use("first")
for number, line in enumerate(sys.stdin.read().splitlines(), 1):
    line = line.strip()
    word, _, text = line.partition(" ")
    text = text.encode().decode("unicode_escape").encode("latin-1")
    if not line or line.startswith("#"):
        continue
    if line.startswith("@"):
        use(line)
    elif word == "C:":
        current[0].sendall(text + b"\r\n")
    elif word == "R:":
        current[0].sendall(text)
    elif word == "X:":
        octet, count = text.split()
        current[0].sendall(octet * int(count))
    elif word == "S:":
        reply = current[1].readline()
        while reply[3:4] == b"-":
            reply = current[1].readline()
        if not reply.startswith(text):
            fail(number, text, reply)
    elif word == "END":
        try:
            rest = current[1].read()
        except ConnectionResetError:
            rest = b""
        if rest:
            fail(number, "the end", rest)
    elif word == "SHUT":
        current[0].shutdown(socket.SHUT_WR)
    elif word == "TOUCH":
        pathlib.Path(text.decode()).touch()
    elif word == "GONE":
        while os.path.exists(text):
            time.sleep(0.01)
    else:
        fail(number, "a known word", word)
