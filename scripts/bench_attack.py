"""Row `attack` of scripts/bench: how long honest mail takes while one client network attacks the edge at full speed.

Every attack comes from 127.0.0.2, honest mail from 127.0.0.9, so that they are two client networks to the server. Loopback only; each attack is
bounded in connections and in seconds.
"""
import selectors, smtplib, socket, statistics, time
from multiprocessing import Event, Process

from bench_machine import pss

ATTACKER, HONEST = "127.0.0.2", "127.0.0.9"
SECONDS = 8
ENVELOPE = b"EHLO attacker.test\r\nMAIL FROM:<a@attacker.test>\r\nRCPT TO:<user@bench.test>\r\n"


def flood(port, stop, count, beginning, again, reads, sources, pause):
    """Holds `count` connections: says `beginning` on each, then `again` as fast as it goes out; opens those anew that are closed."""
    selector = selectors.DefaultSelector()
    sources = [f"127.0.{2 + number // 250}.{2 + number % 250}" for number in range(sources)] if sources > 1 else [ATTACKER]
    opened = 0

    def connect():
        nonlocal opened
        connection = socket.socket()
        connection.setblocking(False)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        try:
            connection.bind((sources[opened % len(sources)], 0))
            connection.connect_ex(("127.0.0.1", port))
        except OSError:
            connection.close()
            return
        opened += 1
        selector.register(connection, selectors.EVENT_READ | selectors.EVENT_WRITE, {"banner": False, "out": beginning, "next": 0.0})

    end = time.monotonic() + 60
    while not stop.is_set() and time.monotonic() < end:
        while len(selector.get_map()) < count:
            before = opened
            connect()
            if opened == before:
                break
        for key, events in selector.select(0.05):
            connection, state = key.fileobj, key.data
            try:
                if events & selectors.EVENT_READ and (reads or not state["banner"]):
                    data = connection.recv(65536 if reads else 512)
                    if not data or data.startswith((b"421", b"554")):
                        raise OSError
                    state["banner"] = True
                if events & selectors.EVENT_WRITE and state["banner"]:
                    if not state["out"] and again and time.monotonic() >= state["next"]:
                        state["out"], state["next"] = again, time.monotonic() + pause
                    if state["out"]:
                        state["out"] = state["out"][connection.send(state["out"]):]
                    if not state["out"] and (not again or pause):
                        # Nothing to write for now: no busy waiting.
                        time.sleep(0.0005)
            except BlockingIOError:
                pass
            except OSError:
                selector.unregister(connection)
                connection.close()


# Name, connections, what each says first, what it says again and again, whether it reads, client addresses, pause in seconds.
ATTACKS = [
    ("1,000 quiet transactions", 1000, ENVELOPE, b"", True, 1, 0),
    ("100 × BDAT 0 without end", 100, ENVELOPE, b"BDAT 0\r\n" * 500, True, 1, 0),
    ("100 × pipelined RCPT", 100, ENVELOPE, b"RCPT TO:<user@bench.test>\r\n" * 200, True, 1, 0),
    ("100 × NOOP", 100, b"EHLO a\r\n", b"NOOP\r\n" * 1000, True, 1, 0),
    ("100 pipeliners that never read", 100, b"EHLO a\r\n", b"NOOP\r\n" * 1000, False, 1, 0),
    ("1,000 × an octet a second", 1000, b"EHLO a", b"b", True, 1, 1),
    ("connections as fast as they go", 200, b"QUIT\r\n", b"", True, 1, 0),
    ("3,000 networks with a transaction each", 3000, ENVELOPE, b"", True, 3000, 0),
    ("3,000 networks of pipeliners that never read", 3000, b"EHLO a\r\n", b"NOOP\r\n" * 1000, False, 3000, 0),
]


def honest(port):
    """Seconds from connecting to the 250 for a message; None where it was not taken within 30 s."""
    start = time.monotonic()
    while time.monotonic() - start < 30:
        try:
            with smtplib.SMTP("127.0.0.1", port, "honest.test", timeout=30, source_address=(HONEST, 0)) as server:
                server.sendmail("a@honest.test", ["user@bench.test"], "Subject: x\r\n\r\nhello\r\n")
                return time.monotonic() - start
        except (OSError, smtplib.SMTPException):
            time.sleep(0.1)
    return None


def measure(row, postern):
    edge = lambda: [pid for pid in postern.processes() if open(f"/proc/{pid}/comm").read().startswith("postern-edge")]
    for name, count, beginning, again, reads, sources, pause in ATTACKS:
        postern.reset()
        postern.start(defaults=True)
        honest(postern.port)
        before = pss(edge())
        stop = Event()
        # Two processes, as the machine has two processors.
        attackers = [Process(target=flood, args=(postern.port, stop, count // 2, beginning, again, reads, sources, pause), daemon=True)
                     for _ in range(2)]
        for attacker in attackers:
            attacker.start()
        time.sleep(2)
        times, end = [], time.monotonic() + SECONDS
        while time.monotonic() < end:
            times.append(honest(postern.port))
            time.sleep(0.1)
        memory = (pss(edge()) - before) / (1 << 20)
        stop.set()
        for attacker in attackers:
            attacker.join(10)
            attacker.kill()
        postern.stop()
        known = [seconds for seconds in times if seconds is not None]
        row("attack", f"{name}: honest mail, median", "s", {"postern": statistics.median(known) if known else float("nan")}, better="less")
        worst = max(known) if len(known) == len(times) else float("inf")
        row("attack", f"{name}: honest mail, worst of {len(times)}", "s", {"postern": worst}, better="less", target="≤ 2 s")
        row("attack", f"{name}: memory of the edge", "MiB more", {"postern": memory}, better="less")
