"""Row `reload` of scripts/bench: how long the core, and honest mail, wait while a configuration of 13,000 connectors is reloaded.

As many connectors as a file of 1 MiB has room for, and mail that waits for 3,000 of them. The core's loop is asked by connecting to its control socket,
again and again: it greets whoever connects. Each reload is of a file that differs in one key.
"""
import shutil, signal, smtplib, socket, struct, subprocess, threading, time

from bench_machine import POSTERN, WORK, wait_for_port
import attack

CONNECTORS, WAITING, RELOADS = 13_000, 3_000, 5
RECIPIENT = "user@bench.test"


class Large:
    """A Postern with that configuration."""

    def __init__(self, port, sink):
        self.port, self.sink, self.folder = port, sink, WORK / "postern-reload"
        self.path = self.folder / "postern.yaml"

    def write(self, hops):
        # Port 1: nobody listens, so that what waits there goes on waiting.
        waiting = [f' c{n}: {{address_spaces: [{{domain: d{n}.test}}], deliver: {{smart_hosts: ["[127.0.0.1]:1"]}}, relay: true}}\n'
                   for n in range(WAITING)]
        others = [f" c{n}: {{address_spaces: [{{domain: d{n}.test}}], deliver: dns}}\n" for n in range(WAITING, CONNECTORS)]
        self.path.write_text(f"""version: 1
hostname: postern.test
default_domain: postern.test
state_directory: state
runtime_directory: run
maximum_hops: {hops}
virtual_servers:
  internet:
    role: edge
    listen: ["127.0.0.1:{self.port}"]
    limits: {{ recipients: 1000 }}
connectors:
 sink: {{address_spaces: [{{domain: bench.test}}], deliver: {{smart_hosts: ["[127.0.0.1]:{self.sink}"]}}, relay: true}}
{"".join(waiting + others)}logs: {{ level: info, format: json }}
""")

    def start(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.write(30)
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen([POSTERN, "up", "--config", self.path], stdout=log, stderr=log)
        wait_for_port(self.port, 60)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def reload(self, hops):
        """Seconds until `postern reload` has its answer."""
        self.write(hops)
        start = time.monotonic()
        subprocess.run([POSTERN, "reload", "--config", self.path], check=True, stdout=subprocess.DEVNULL)
        return time.monotonic() - start

    def greeting(self):
        """Seconds until the core has greeted a new connection to its control socket: its loop has come round."""
        role, version = 5, 3
        body = b"\xf0" + struct.pack(">HBQ", version, role, 7) + struct.pack(">I", 1) + b"x"
        start = time.monotonic()
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(60)
            peer.connect(str(self.folder / "run/control.sock"))
            peer.sendall(struct.pack(">I", len(body)) + body)
            if len(peer.recv(4)) < 4:
                raise SystemExit("the core does not greet")
        return time.monotonic() - start

    def fill(self):
        """Mail for each of the next hops that nobody listens at."""
        with smtplib.SMTP("127.0.0.1", self.port, "source.test", source_address=("127.0.0.3", 0)) as server:
            for first in range(0, WAITING, 1000):
                recipients = [f"u@d{n}.test" for n in range(first, min(first + 1000, WAITING))]
                if server.sendmail("a@source.test", recipients, "Subject: x\r\n\r\nwaits\r\n"):
                    raise SystemExit("mail that is to wait was refused")


def until_taken(port):
    """Seconds until an honest message is taken, told to come back meanwhile or not; 60 at most."""
    start = time.monotonic()
    while True:
        try:
            attack.honest(port, RECIPIENT, timeout=60)
            return time.monotonic() - start
        except (OSError, smtplib.SMTPException) as error:
            if time.monotonic() - start > 60:
                raise SystemExit(f"no mail is taken: {str(error)[:200]}")
            time.sleep(0.05)


def longest(stop, times, what):
    while not stop.is_set():
        times.append(what())
        time.sleep(0.002)


def measure(row, port, sink):
    server = Large(port, sink)
    server.start()
    try:
        mail = lambda: until_taken(port)
        # The edge may listen before the core has read the file.
        mail()
        server.fill()
        for _ in range(20):
            mail()
        quiet = max(mail() for _ in range(20))
        stop, greetings, messages = threading.Event(), [], []
        watchers = [threading.Thread(target=longest, args=(stop, greetings, server.greeting), daemon=True),
                    threading.Thread(target=longest, args=(stop, messages, mail), daemon=True)]
        for watcher in watchers:
            watcher.start()
        took = []
        for number in range(RELOADS):
            took.append(server.reload(31 + number))
            # The other processes read the file as they learn of it.
            time.sleep(4)
        stop.set()
        for watcher in watchers:
            watcher.join(60)
        row("reload", f"{CONNECTORS:,} connectors, {RELOADS} reloads: the core's longest silence", "s", {"postern": max(greetings)}, better="less",
            target="≤ 0.1 s")
        row("reload", f"… honest mail, the slowest of {len(messages)}", "s", {"postern": max(messages)}, better="less")
        row("reload", "… honest mail without a reload, the slowest of 20", "s", {"postern": quiet}, better="less")
        row("reload", "… until `postern reload` is answered, the slowest", "s", {"postern": max(took)}, better="less")
    finally:
        server.stop()
