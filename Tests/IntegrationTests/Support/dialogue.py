"""dialogue.py PORT: plays SMTP dialogues from standard input against 127.0.0.1, and ends with 1 where a reply is another.

  @NAME [PORT [FROM]]     go on with the connection of this name; opened the first time, from this address
  C: TEXT                 send a line; Python's escapes count
  R: TEXT                 send it as it is, without a line end
  X: C N                  send the octet C N times
  S: TEXT                 a reply comes whose last line begins with it
  HAS TEXT, LACKS TEXT    somewhere in the reply before
  TLS [NAME [VERSION [CIPHER]]]
                          the handshake, with this server name; at most this version: 1.2, 1.3
  NOTLS [NAME [VERSION]]  the same, and it fails
  SHOWN FILE              the server has shown the certificate in it
  AUTH MECHANISM USER PASSWORD   the exchange up to its last reply, which the next S: reads
  WITHIN SECONDS          so long ago at most the line of the last AUTH was begun
  END                     the server ends the connection
  SHUT                    send nothing more
  TOUCH F                 make a file
  GONE F                  wait until it is gone
"""
import base64
import os
import pathlib
import socket
import ssl
import sys
import time

import sasl

connections, current = {}, None


class Connection:
    def __init__(self, port, source):
        self.peer = socket.create_connection(("127.0.0.1", port), 60, (source, 0))
        self.input = self.peer.makefile("rb")
        self.ready = None

    def secure(self, name="mx.postern.test", version=None, cipher=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if version:
            context.maximum_version = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}[version]
        if cipher:
            context.set_ciphers(cipher)
        self.peer = context.wrap_socket(self.peer, server_hostname=name)
        self.input = self.peer.makefile("rb")

    def reply(self):
        if self.ready is not None:
            reply, self.ready = self.ready, None
            return reply
        lines = [self.input.readline()]
        while lines[-1][3:4] == b"-":
            lines.append(self.input.readline())
        return lines

    def ask(self, line):
        self.peer.sendall(line + b"\r\n")
        return self.reply()

    def log_in(self, mechanism, user, password):
        steps = sasl.client(mechanism, user, password)
        first = next(steps)
        reply = self.ask(b"AUTH " + mechanism.encode() + (b" " + (base64.b64encode(first) or b"=") if first is not None else b""))
        while reply[-1].startswith(b"334"):
            try:
                answer = base64.b64encode(steps.send(base64.b64decode(reply[-1][4:])))
            except StopIteration:
                answer = b"*"
            reply = self.ask(answer)
        self.ready = reply


def use(name, port=sys.argv[1], source="127.0.0.1"):
    global current
    if name not in connections:
        connections[name] = Connection(int(port), source)
    current = connections[name]


def fail(number, line, got):
    sys.exit(f"line {number}: expected {line!r}, got {got!r}")


last, began = [], 0
lines = sys.stdin.read().splitlines()
# Another connection may come first, and this one never.
if not lines[0].startswith("@"):
    use("first")
for number, line in enumerate(lines, 1):
    line = line.strip()
    word, _, text = line.partition(" ")
    text = text.encode().decode("unicode_escape").encode("latin-1")
    if not line or line.startswith("#"):
        continue
    if line.startswith("@"):
        use(*line.split())
    elif word == "C:":
        current.peer.sendall(text + b"\r\n")
    elif word == "R:":
        current.peer.sendall(text)
    elif word == "X:":
        octet, count = text.split()
        current.peer.sendall(octet * int(count))
    elif word == "S:":
        last = current.reply()
        if not last[-1].startswith(text):
            fail(number, text, last)
    elif word == "HAS" or word == "LACKS":
        if (text in b"".join(last)) != (word == "HAS"):
            fail(number, line, last)
    elif word == "TLS":
        current.secure(*line.split()[1:])
    elif word == "NOTLS":
        try:
            current.secure(*line.split()[1:])
        except (ssl.SSLError, ConnectionError):
            continue
        fail(number, "a failed handshake", current.peer.version())
    elif word == "SHOWN":
        shown = current.peer.getpeercert(binary_form=True)
        if shown != ssl.PEM_cert_to_DER_cert(pathlib.Path(text.decode()).read_text()):
            fail(number, line, ssl.DER_cert_to_PEM_cert(shown))
    elif word == "AUTH":
        began = time.monotonic()
        current.log_in(*text.decode().split(" ", 2))
    elif word == "WITHIN":
        if time.monotonic() - began > float(text):
            fail(number, line, f"{time.monotonic() - began:.1f} s")
    elif word == "END":
        try:
            rest = current.input.read()
        except (ConnectionResetError, ssl.SSLError):
            rest = b""
        if rest:
            fail(number, "the end", rest)
    elif word == "SHUT":
        current.peer.shutdown(socket.SHUT_WR)
    elif word == "TOUCH":
        pathlib.Path(text.decode()).touch()
    elif word == "GONE":
        while os.path.exists(text):
            time.sleep(0.01)
    else:
        fail(number, "a known word", word)
