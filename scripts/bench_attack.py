"""Row `attack` of scripts/bench: how long honest mail, and honest logins, take while client networks attack at full speed.

What the attacks say is in Tests/IntegrationTests/Support/attack.py, which the tests use as well. Loopback only; each attack is bounded in connections and
in seconds.
"""
import contextlib, smtplib, statistics, time
from multiprocessing import Event, Process

from bench_machine import pss
import attack
import bench_submission

SECONDS = 8
RECIPIENT = "user@bench.test"

# Name, kind, connections, client addresses.
ON_EDGE = [
    ("1,000 quiet transactions", "quiet", 1000, 1),
    ("100 × BDAT 0 without end", "bdat", 100, 1),
    ("100 × pipelined RCPT", "rcpt", 100, 1),
    ("100 × NOOP", "noop", 100, 1),
    ("100 pipeliners that never read", "deaf", 100, 1),
    ("1,000 × an octet a second", "trickle", 1000, 1),
    ("connections as fast as they go", "connect", 200, 1),
    ("3,000 networks with a transaction each", "quiet", 3000, 3000),
    ("3,000 networks of pipeliners that never read", "deaf", 3000, 3000),
]
ON_SUBMISSION = [
    ("1,000 held AUTH exchanges", "exchange", 1000, 1),
    ("1,000 networks with a held AUTH exchange each", "exchange", 1000, 1000),
    ("25 cancelled SCRAM exchanges a second", "cancel", 25, 1),
    ("1,000 cancelled SCRAM exchanges a second of 1,000 networks", "cancel", 1000, 1000),
]


class Submission(bench_submission.Postern):
    """With the limits that a configuration has which says nothing of them; logins in clear, so that handshakes are no part of the figure."""

    def configuration(self):
        return f"""version: 1
hostname: postern.test
default_domain: bench.test
state_directory: state
runtime_directory: run
virtual_servers:
  clients:
    role: submission
    listen: ["127.0.0.1:{self.port}"]
    tls: {{ mode: none }}
    authentication: {{ basic: {{ mechanisms: [PLAIN], require_tls: false }}, challenge: {{ mechanisms: [SCRAM-SHA-256] }} }}
    relay: {{ accounts: all }}
domains: {{ bench.test: authoritative }}
connectors:
  mailboxes: {{ address_spaces: [{{ domain: bench.test }}], deliver: {{ maildir: "mail/{{user}}" }} }}
logs: {{ level: info, format: json }}
"""


def honest(port, password=None):
    """Seconds from connecting to the end: of a message, or of a login; None where it did not come to it within 30 s."""
    start = time.monotonic()
    while time.monotonic() - start < 30:
        with contextlib.suppress(OSError, smtplib.SMTPException):
            attack.honest(port, RECIPIENT, password, sends=password is None)
            return time.monotonic() - start
        time.sleep(0.1)
    return None


def under_attack(row, what, server, processes, kind, count, sources, password=None):
    """One attack on a server that has been started; `processes` gives those of the front end."""
    name, measured = what
    if honest(server.port, password) is None:
        raise SystemExit(f"{name}: not served before the attack")
    before, stop = pss(processes()), Event()
    # Two processes, as the machine has two processors.
    attackers = [Process(target=attack.flood, args=(server.port, stop, (count + number) // 2, attack.attack(kind, RECIPIENT), sources), daemon=True)
                 for number in (0, 1)]
    for attacker in attackers:
        attacker.start()
    time.sleep(2)
    times, end = [], time.monotonic() + SECONDS
    while time.monotonic() < end:
        times.append(honest(server.port, password))
        time.sleep(0.1)
    memory = (pss(processes()) - before) / (1 << 20)
    stop.set()
    for attacker in attackers:
        attacker.join(10)
        attacker.kill()
    known = [seconds for seconds in times if seconds is not None]
    row("attack", f"{name}: {measured}, median", "s", {"postern": statistics.median(known) if known else float("nan")}, better="less")
    worst = max(known) if len(known) == len(times) else float("inf")
    row("attack", f"{name}: {measured}, worst of {len(times)}", "s", {"postern": worst}, better="less", target="≤ 2 s")
    row("attack", f"{name}: memory of the front end", "MiB more", {"postern": memory}, better="less")


def named(server, process):
    """The processes of a server with this name; the kernel keeps 15 octets of it."""
    return [pid for pid in server.processes() if open(f"/proc/{pid}/comm").read().startswith(process[:15])]


def measure(row, postern, sink):
    for name, kind, count, sources in ON_EDGE:
        postern.reset()
        postern.start(defaults=True)
        under_attack(row, (name, "honest mail"), postern, lambda: named(postern, "postern-edge"), kind, count, sources)
        postern.stop()
    for name, kind, count, sources in ON_SUBMISSION:
        server = Submission(sink)
        server.reset()
        server.start()
        try:
            under_attack(row, (name, "honest logins"), server, lambda: named(server, "postern-submission"), kind, count, sources,
                         bench_submission.PASSWORD)
        finally:
            server.stop()
