"""Attacks of one client network, or of many, on a server; the bench measures honest mail meanwhile, and the tests see it taken.

attack.py PORT CONNECTIONS KIND RECIPIENT [PASSWORD]

The attack comes from 127.0.0.2, honest mail from 127.0.0.9: two client networks to the server. Where a password is given the honest client logs in as
the recipient first. Prints `taken` when the honest message has its 250, and how many of the attacker's connections were refused at once. Ends by
itself within 60 s.
"""
import base64, dataclasses, selectors, smtplib, socket, sys, threading, time

ATTACKER, HONEST = "127.0.0.2", "127.0.0.9"


@dataclasses.dataclass
class Attack:
    """What is said on each connection: first, then again and again with a pause of so many seconds; and whether what comes back is read."""
    beginning: bytes
    again: bytes = b""
    reads: bool = True
    pause: float = 0


def attack(kind, recipient):
    """The attack of this name, on a server that takes mail for the recipient, or logs him in."""
    envelope = f"EHLO attacker.test\r\nMAIL FROM:<a@attacker.test>\r\nRCPT TO:<{recipient}>\r\n".encode()
    # RFC 5802 §7: the client's first message; the server answers with its nonce and the user's salt.
    exchange = b"AUTH SCRAM-SHA-256 " + base64.b64encode(f"n,,n={recipient},r=abcdefghijklmnopqr".encode()) + b"\r\n"
    return {
        "quiet": Attack(envelope),
        "bdat": Attack(envelope, b"BDAT 0\r\n" * 500),
        "rcpt": Attack(envelope, f"RCPT TO:<{recipient}>\r\n".encode() * 200),
        "noop": Attack(b"EHLO a\r\n", b"NOOP\r\n" * 1000),
        "deaf": Attack(b"EHLO a\r\n", b"NOOP\r\n" * 1000, reads=False),
        "trickle": Attack(b"EHLO a", b"b", pause=1),
        "connect": Attack(b"QUIT\r\n"),
        # RFC 4954 §4: `*` cancels an exchange.
        "exchange": Attack(b"EHLO a\r\n" + exchange),
        "cancel": Attack(b"EHLO a\r\n", exchange + b"*\r\n", pause=1),
    }[kind]


def flood(port, stop, count, attack, sources=1, reopens=True):
    """Holds `count` connections from so many addresses until `stop` is set, a minute at most; opens those anew that are closed, if it is to.

    Returns how many were refused because their network had enough.
    """
    selector = selectors.DefaultSelector()
    addresses = [f"127.0.{2 + number // 250}.{2 + number % 250}" for number in range(sources)] if sources > 1 else [ATTACKER]
    opened = refused = 0

    def connect():
        nonlocal opened
        connection = socket.socket()
        connection.setblocking(False)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        try:
            connection.bind((addresses[opened % len(addresses)], 0))
            connection.connect_ex(("127.0.0.1", port))
        except OSError:
            connection.close()
            return False
        opened += 1
        state = {"banner": False, "out": attack.beginning, "next": 0.0}
        selector.register(connection, selectors.EVENT_READ | selectors.EVENT_WRITE, state)
        return True

    end = time.monotonic() + 60
    while not stop.is_set() and time.monotonic() < end:
        while (len(selector.get_map()) if reopens else opened) < count:
            if not connect():
                break
        for key, events in selector.select(0.05):
            connection, state = key.fileobj, key.data
            try:
                if events & selectors.EVENT_READ and (attack.reads or not state["banner"]):
                    data = connection.recv(65536 if attack.reads else 512)
                    if not state["banner"]:
                        refused += data.startswith(b"421 4.7.0 Your network has")
                    if not data or data.startswith((b"421", b"554")):
                        raise OSError
                    state["banner"] = True
                if events & selectors.EVENT_WRITE and state["banner"]:
                    if not state["out"] and attack.again and time.monotonic() >= state["next"]:
                        state["out"], state["next"] = attack.again, time.monotonic() + attack.pause
                    if state["out"]:
                        state["out"] = state["out"][connection.send(state["out"]):]
                    if not state["out"] and (not attack.again or attack.pause):
                        # Nothing to write for now: no busy waiting.
                        time.sleep(0.0005)
            except BlockingIOError:
                pass
            except OSError:
                selector.unregister(connection)
                connection.close()
    return refused


def honest(port, recipient, password=None, timeout=30, sends=True):
    """One honest client from its connection to its end: it logs in, where there is a password, and sends a message, if it is to.

    Returns the seconds that it took; raises where it is not served.
    """
    start = time.monotonic()
    with smtplib.SMTP("127.0.0.1", port, "honest.test", timeout=timeout, source_address=(HONEST, 0)) as server:
        if password is not None:
            server.login(recipient, password)
        if sends:
            sender = "a@honest.test" if password is None else recipient
            server.sendmail(sender, [recipient], "Subject: x\r\n\r\nhello\r\n")
        return time.monotonic() - start


def main():
    port, count, kind, recipient = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
    password = sys.argv[5] if len(sys.argv) > 5 else None
    stop, refused = threading.Event(), []
    attacker = threading.Thread(
        target=lambda: refused.append(flood(port, stop, count, attack(kind, recipient), reopens=False)), daemon=True)
    attacker.start()
    time.sleep(2)
    honest(port, recipient, password)
    print("taken")
    stop.set()
    attacker.join(5)
    print(f"refused {refused[0]}")


if __name__ == "__main__":
    main()
