"""Row `groups` of scripts/bench: what a group of 10,000 members costs the core, at RCPT, while transactions stand open, and at the commit.

Two groups: one of mailboxes in one domain, one that forwards to as many domains. Beside the load, another client asks the core about a plain
recipient all the time: its longest wait is how long the core's event loop stood still. Loopback only; everything ends by itself.

  scripts/bench_groups.py     prints the figures without the rest of scripts/bench
"""
import pathlib, shutil, signal, smtplib, socket, sqlite3, subprocess, sys, threading, time

sys.dont_write_bytecode = True
from bench_machine import EXECUTABLES, POSTERN, WORK, wait_for_port

MEMBERS, PORT = 10_000, 12627
FOLDER = WORK / "groups"


def configuration():
    return f"""version: 1
hostname: postern.test
default_domain: bench.test
state_directory: state
runtime_directory: run
domains: {{ bench.test: authoritative }}
budgets: {{ share: none }}
virtual_servers:
  internet:
    role: edge
    listen: ["127.0.0.1:{PORT}"]
    connections: {{ limit: none, limit_per_network: none }}
connectors:
  boxes:
    address_spaces: [{{ domain: bench.test }}]
    deliver: {{ maildir: "mail/{{domain}}/{{user}}" }}
  kept:
    address_spaces: [{{ domain: "*" }}]
    deliver: dns
"""


class Postern:
    def __init__(self):
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir(parents=True)
        (FOLDER / "postern.yaml").write_text(configuration())
        self.start()
        subprocess.run([POSTERN, "user", "add", "user", "--config", FOLDER / "postern.yaml"], check=True, capture_output=True)
        self.stop()
        self.fill()
        self.start()

    def fill(self):
        """Straight into the file, while no core has it open: ten thousand commands would take minutes."""
        database = sqlite3.connect(FOLDER / "state/directory.sqlite")
        add = "INSERT INTO entries (key, address, kind, forward, created_at) VALUES (?, ?, ?, ?, 0)"
        members = [f"member{number:05}@bench.test" for number in range(MEMBERS)]
        outside = [f"member@d{number:05}.far.test" for number in range(MEMBERS)]
        database.executemany(add, [(member, member, 1, 0) for member in members])
        for group, forward, targets in (("all@bench.test", 0, members), ("afar@bench.test", 1, outside)):
            owner = database.execute(add, (group, group, 3, forward)).lastrowid
            database.executemany("INSERT INTO targets VALUES (?, ?, ?)", [(owner, target, target) for target in targets])
        database.commit()
        database.close()

    def start(self):
        """Core and edge alone: nothing is delivered, so that only what comes in is measured."""
        self.log = open(FOLDER / "log", "ab")
        self.processes = [
            subprocess.Popen([EXECUTABLES / name, "--config", FOLDER / "postern.yaml"], stdout=self.log, stderr=self.log)
            for name in ("postern-core", "postern-edge")]
        self.core = self.processes[0].pid
        wait_for_port(PORT)

    def stop(self):
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
            process.wait(60)
        self.log.close()


def threads(pid):
    """Processor seconds of each thread of a process, from the scheduler's own nanoseconds."""
    return {entry.name: int((entry / "schedstat").read_text().split()[0]) / 1e9 for entry in pathlib.Path(f"/proc/{pid}/task").iterdir()}


def private(pid):
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Private_Dirty:"):
            return int(line.split()[1]) * 1024


class Probe(threading.Thread):
    """Asks about a plain recipient again and again: the longest wait."""

    def __init__(self):
        super().__init__(daemon=True)
        self.ended, self.worst = threading.Event(), 0.0
        self.start()

    def run(self):
        while not self.ended.is_set():
            with smtplib.SMTP("127.0.0.1", PORT, "probe.test", timeout=60) as server:
                server.ehlo()
                for _ in range(50):
                    if self.ended.is_set():
                        return
                    server.mail("a@probe.test")
                    begun = time.monotonic()
                    server.rcpt("user@bench.test")
                    self.worst = max(self.worst, time.monotonic() - begun)
                    server.rset()
                    time.sleep(0.001)

    def end(self):
        self.ended.set()
        self.join(60)
        return self.worst * 1000


def loop_time(postern, before):
    return threads(postern.core)[postern.loop] - before[postern.loop]


def find_loop(postern):
    """The thread that decides about recipients is the one that works while plain recipients are asked for."""
    before = threads(postern.core)
    for _ in range(10):
        with smtplib.SMTP("127.0.0.1", PORT, "probe.test", timeout=60) as server:
            server.ehlo()
            for _ in range(20):
                server.mail("a@probe.test")
                server.rcpt("user@bench.test")
                server.rset()
    after = threads(postern.core)
    return max(after, key=lambda thread: after[thread] - before.get(thread, 0))


def open_transaction(group):
    server = smtplib.SMTP("127.0.0.1", PORT, "client.test", timeout=120)
    server.ehlo()
    server.mail("a@client.test")
    code, words = server.rcpt(group)
    assert code == 250, words
    return server


def change(postern):
    """Another user: what was found of groups is out of date."""
    subprocess.run([POSTERN, "user", "add", "another", "--config", FOLDER / "postern.yaml"], check=True, capture_output=True)


def commit(postern, held):
    """Milliseconds of the loop for each message."""
    before = threads(postern.core)
    for server in held:
        code, words = server.data(b"Subject: x\r\n\r\nhello\r\n")
        assert code == 250, words
    used = loop_time(postern, before) * 1000 / len(held)
    for server in held:
        server.close()
    return used


def measure(row, transactions=100, commits=10):
    """`row` is given name, unit and value of each figure."""
    for group, what in (("all@bench.test", "10,000 mailboxes"), ("afar@bench.test", "10,000 domains")):
        postern = Postern()
        postern.loop = find_loop(postern)
        before = threads(postern.core)
        held = [open_transaction("user@bench.test") for _ in range(transactions)]
        plain = loop_time(postern, before) * 1000 / transactions
        row(f"{what}: a transaction to a plain recipient instead, the loop's time", "ms", plain)
        for server in held:
            server.close()
        time.sleep(0.5)

        before = threads(postern.core)
        open_transaction(group).close()
        time.sleep(0.3)
        row(f"{what}: first RCPT, the loop's time", "ms", loop_time(postern, before) * 1000)
        change(postern)
        probe = Probe()
        time.sleep(0.3)
        probe.worst = 0.0
        open_transaction(group).close()
        time.sleep(0.3)
        row(f"{what}: first RCPT, the longest that others waited", "ms", probe.end())

        time.sleep(0.5)
        memory, before = private(postern.core), threads(postern.core)
        held = [open_transaction(group) for _ in range(transactions)]
        row(f"{what}: each transaction after that, the loop's time", "ms", loop_time(postern, before) * 1000 / transactions)
        row(f"{what}: memory of an open transaction", "MiB", (private(postern.core) - memory) / transactions / (1 << 20))
        for server in held:
            server.close()
        time.sleep(0.5)

        held = [open_transaction(group) for _ in range(commits)]
        row(f"{what}: each commit, the loop's time", "ms", commit(postern, held))
        time.sleep(3)
        held = [open_transaction(group) for _ in range(commits)]
        probe = Probe()
        time.sleep(0.3)
        probe.worst = 0.0
        commit(postern, held)
        time.sleep(1)
        row(f"{what}: commits, the longest that others waited", "ms", probe.end())
        postern.stop()
        database = sqlite3.connect(FOLDER / "state/queue.sqlite")
        rows = database.execute("SELECT (SELECT count(*) FROM messages), (SELECT count(*) FROM recipients)").fetchone()
        assert rows == (2 * commits, 2 * commits * MEMBERS), rows
        database.close()
        shutil.rmtree(FOLDER, ignore_errors=True)


if __name__ == "__main__":
    measure(lambda name, unit, value: print(f"{name:70} {value:9.3f} {unit}", flush=True))
