"""Submission over TLS with AUTH PLAIN, Postern beside Postfix with Dovecot's SASL: rows i to l and n of scripts/bench.

Both have the same certificate, and check the same password against the same SCRAM keys. The load generator is submission-source.c.
"""
import contextlib, hashlib, os, pathlib, re, shutil, signal, sqlite3, subprocess, time

from bench_machine import POSTERN, ROOT, WORK, family, processor_seconds, pss, sh, wait_for_port

PORTS = {"postern": 12665, "postfix": 12666, "openssl": 12667}
SOURCE = WORK / "submission-source"
CERTIFICATE, KEY = WORK / "tls/mail.pem", WORK / "tls/mail.key"
USER, PASSWORD = "user@bench.test", "correct horse battery"


class Postern:
    name = "postern"
    port = PORTS["postern"]

    def __init__(self, sink, identity="{ iterations: 10000, password_cache: false }", name="postern-submission"):
        """identity: of the configuration; by itself what Dovecot does as well, one derivation with 10,000 iterations for each login."""
        self.folder = WORK / name
        self.sink, self.identity = sink, identity
        self.process = None

    def configuration(self):
        return f"""version: 1
hostname: postern.test
default_domain: bench.test
state_directory: state
runtime_directory: run
certificates: {{ default: {{ certificate: {CERTIFICATE}, key: {KEY} }} }}
virtual_servers:
  clients:
    role: submission
    listen: [{{ address: "127.0.0.1:{self.port}", tls: implicit }}]
    tls: {{ mode: required }}
    authentication: {{ basic: {{ mechanisms: [PLAIN] }} }}
    relay: {{ accounts: all }}
    connections: {{ limit: none, limit_per_network: none }}
budgets: {{ share: none }}
identity: {self.identity}
domains: {{ bench.test: authoritative }}
connectors:
  mailboxes: {{ address_spaces: [{{ domain: bench.test }}], deliver: {{ maildir: "mail/{{user}}" }} }}
  sink: {{ address_spaces: [{{ domain: "*" }}], deliver: {{ smart_hosts: ["[127.0.0.1]:{self.sink}"] }} }}
outbound:
  default:
    connections: {{ limit: 1000, limit_per_domain: 50, messages_per_connection: 1000 }}
logs: {{ level: info, format: json }}
"""

    def reset(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self):
        self.folder.mkdir(parents=True)
        (self.folder / "postern.yaml").write_text(self.configuration())
        log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen([POSTERN, "up", "--config", self.folder / "postern.yaml"], stdout=log, stderr=log)
        log.close()
        wait_for_port(self.port)
        end = time.monotonic() + 20
        while subprocess.run([POSTERN, "user", "add", USER, "--password-stdin", "--config", self.folder / "postern.yaml"],
                             input=PASSWORD, text=True, capture_output=True).returncode:
            if time.monotonic() > end:
                raise SystemExit("postern user add does not succeed")
            time.sleep(0.1)

    def verifier(self):
        """The SCRAM keys of the user: iterations, salt, stored key, server key."""
        with contextlib.closing(sqlite3.connect(f"file:{self.folder}/state/directory.sqlite?mode=ro", uri=True)) as directory:
            text, = directory.execute("SELECT verifier FROM credentials WHERE login_key = ?", [USER]).fetchone()
        _, count_and_salt, keys = text.split("$")
        return [*count_and_salt.split(":"), *keys.split(":")]

    def processes(self):
        return family(self.process.pid)

    def checking_processes(self):
        """None for itself: postern-auth also talks SASL and asks the core."""
        return []

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)
            self.process = None


class Postfix:
    """Postfix with Dovecot's auth process, without the rest of Dovecot."""
    name = "postfix"
    port = PORTS["postfix"]

    def __init__(self, sink, verifier):
        self.folder = WORK / "postfix-submission"
        self.sink = sink
        self.verifier = verifier
        self.dovecot = None
        self.is_running = False

    def start(self):
        for part in ("etc", "spool", "data", "dovecot"):
            (self.folder / part).mkdir(parents=True)
        shutil.chown(self.folder / "data", "postfix")
        (self.folder / "maillog").touch()
        (self.folder / "dovecot/users").write_text(f"{USER}:{{SCRAM-SHA-256}}{','.join(self.verifier)}::::::\n")
        (self.folder / "dovecot/dovecot.conf").write_text(f"""protocols =
base_dir = {self.folder}/dovecot/run
state_dir = {self.folder}/dovecot/state
log_path = {self.folder}/dovecot/log
ssl = no
auth_mechanisms = plain
passdb {{
  driver = passwd-file
  args = {self.folder}/dovecot/users
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home=/nonexistent
}}
service auth {{
  unix_listener auth-client {{
    mode = 0666
  }}
}}
""")
        self.dovecot = subprocess.Popen([shutil.which("dovecot", path="/usr/sbin:" + os.environ["PATH"]), "-F", "-c",
                                         self.folder / "dovecot/dovecot.conf"])
        while not (self.folder / "dovecot/run/auth-client").exists():
            if self.dovecot.poll() is not None:
                raise SystemExit("dovecot ended")
            time.sleep(0.05)
        (self.folder / "etc/main.cf").write_text(f"""compatibility_level = 3.6
queue_directory = {self.folder}/spool
data_directory = {self.folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = postfix.test
mydestination =
local_recipient_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks =
smtpd_relay_restrictions = permit_sasl_authenticated, reject
relayhost = [127.0.0.1]:{self.sink}
smtp_host_lookup = native
disable_dns_lookups = yes
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
default_process_limit = 200
default_destination_concurrency_limit = 50
initial_destination_concurrency = 20
in_flow_delay = 0
smtpd_tls_wrappermode = yes
smtpd_tls_cert_file = {CERTIFICATE}
smtpd_tls_key_file = {KEY}
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {self.folder}/dovecot/run/auth-client
maillog_file = {self.folder}/maillog
maillog_file_prefixes = {self.folder}
""")
        master = pathlib.Path("/usr/share/postfix/master.cf.dist").read_text()
        master = re.sub(r"(?m)^smtp      inet.*", f"127.0.0.1:{self.port} inet n - n - - smtpd", master)
        master = re.sub(r"(?m)^(\S+\s+\S+\s+\S+\s+\S+\s+)y ", r"\1n ", master)
        if "\npostlog" not in master:
            master += "\npostlog unix-dgram n - n - 1 postlogd\n"
        (self.folder / "etc/master.cf").write_text(master)
        subprocess.run(["postfix", "-c", self.folder / "etc", "set-permissions"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        sh("postfix", "-c", self.folder / "etc", "start", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.is_running = True
        wait_for_port(self.port)

    def processes(self):
        return family(int((self.folder / "spool/pid/master.pid").read_text())) + family(self.dovecot.pid)

    def checking_processes(self):
        return family(self.dovecot.pid)

    def stop(self):
        if self.is_running:
            subprocess.run(["postfix", "-c", self.folder / "etc", "stop"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.is_running = False
        if self.dovecot:
            self.dovecot.terminate()
            self.dovecot.wait(60)
            self.dovecot = None


def make_certificate():
    """One for all three servers: ECDSA P-256, as `topology/office` has it."""
    CERTIFICATE.parent.mkdir(parents=True)
    sh("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
       "-subj", "/CN=localhost", "-keyout", KEY, "-out", CERTIFICATE, stderr=subprocess.DEVNULL)


def submit(server, messages, resume=False):
    """Submissions per second, and the processor time of one in milliseconds: of all processes of the server, and of those among them that
    do nothing but check passwords."""
    before, before_checking = processor_seconds(server.processes()), processor_seconds(server.checking_processes())
    result = subprocess.run([SOURCE, *(["-r"] if resume else []), "-m", str(messages), "-s", "40", "-l", "4096", str(server.port), USER,
                             PASSWORD, USER, "somebody@far.example"], capture_output=True, text=True)
    if result.returncode:
        raise SystemExit(f"{server.name}: {result.stderr.strip()}")
    values = dict(part.split("=") for part in result.stdout.split())
    used = processor_seconds(server.processes()) - before
    checking = processor_seconds(server.checking_processes()) - before_checking
    if resume and int(values["resumed"]) < 0.9 * (messages - 40):
        print(f"      {server.name} resumed only {values['resumed']} of {messages} sessions", flush=True)
    return messages / float(values["seconds"]), used / messages * 1000, checking / messages * 1000


def handshakes(port, seconds, clients=2):
    """Full handshakes per second as `openssl s_time` counts them, with as many clients as keep the server busy."""
    running = [subprocess.Popen(["openssl", "s_time", "-connect", f"127.0.0.1:{port}", "-new", "-time", str(seconds)],
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) for _ in range(clients)]
    total = 0
    for process in running:
        out, _ = process.communicate()
        count, took = re.search(r"(\d+) connections in (\d+) real seconds", out).groups()
        total += int(count) / int(took)
    return total


def handshake_limit(seconds):
    """The same against `openssl s_server`, and the processor time that one handshake costs it in milliseconds."""
    server = subprocess.Popen(["openssl", "s_server", "-accept", f"127.0.0.1:{PORTS['openssl']}", "-cert", CERTIFICATE, "-key", KEY, "-www",
                               "-quiet"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    try:
        wait_for_port(PORTS["openssl"])
        before = processor_seconds([server.pid])
        rate = handshakes(PORTS["openssl"], seconds)
        return rate, (processor_seconds([server.pid]) - before) / (rate * seconds) * 1000
    finally:
        server.kill()
        server.wait()


def derivation_milliseconds(iterations):
    """What one PBKDF2 with SHA-256 costs here, by the same OpenSSL."""
    count = 50
    start = time.process_time()
    for _ in range(count):
        hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), b"0123456789abcdef", iterations)
    return (time.process_time() - start) / count * 1000


def idle_memory(server, count):
    """Octets per idle TLS session: `count` sessions that have said EHLO."""
    before = pss(server.processes())
    source = subprocess.Popen([SOURCE, "-i", str(count), str(server.port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    if source.stdout.readline() != "ready\n":
        raise SystemExit(f"{server.name} did not take {count} sessions")
    time.sleep(1)
    used = (pss(server.processes()) - before) / count
    source.communicate()
    return used


def default_passwords(row, scale, sink):
    """Row n: what the defaults cost, for a password that is proven for the first time and for one that was proven before."""
    for what, identity in (("cold", "{ password_cache: false }"), ("warm", "{}")):
        postern = Postern(sink, identity, f"postern-{what}")
        postern.start()
        try:
            iterations = int(postern.verifier()[0])
            submit(postern, 50)
            rate, cost, _ = submit(postern, max(2000 // scale, 200))
            row("n", f"submissions with {iterations:,} iterations, {what}", "messages/s", {"postern": rate})
            row("n", f"… {what}, processor time of all processes", "ms/message", {"postern": cost}, better="less")
        finally:
            postern.stop()


def measure(only, row, scale, sink, postern_only):
    sh("cc", "-O2", "-o", SOURCE, ROOT / "scripts/submission-source.c", "-lssl", "-lcrypto", "-lpthread")
    make_certificate()
    if "n" in only:
        default_passwords(row, scale, sink)
    if not only & set("ijkl"):
        return
    postern = Postern(sink)
    postern.start()
    servers = [postern]
    try:
        if not postern_only:
            servers.append(Postfix(sink, postern.verifier()))
            servers[1].start()
        iterations = int(postern.verifier()[0])
        derivation = derivation_milliseconds(iterations)
        limit, handshake = handshake_limit(max(10 // scale, 2))
        print(f"      shared cryptography: PBKDF2 with {iterations:,} iterations {derivation:.2f} ms, a full handshake {handshake:.2f} ms of"
              " processor time", flush=True)
        for letter, what, resume in (("i", "submissions, a new TLS session each", False), ("j", "submissions, resumed TLS sessions", True)):
            if letter not in only:
                continue
            rates, costs, without, rates_without = {}, {}, {}, {}
            for server in servers:
                submit(server, 200, resume)
                rates[server.name], costs[server.name], checking = submit(server, max(4000 // scale, 400), resume)
                # Dovecot derives keys with its own code, at its own cost: all of Dovecot is left out. A resumed handshake has a key exchange
                # and no signature; its cost stays in, on both sides.
                shared = max(derivation, checking) + (0 if resume else handshake)
                without[server.name] = costs[server.name] - shared
                # The shared work as if all cores did nothing else meanwhile: who waits for the disk beside it loses nothing by that.
                rates_without[server.name] = 1 / (1 / rates[server.name] - shared / 1000 / os.cpu_count())
            row(letter, what, "messages/s", rates)
            row(letter, "… processor time of all processes", "ms/message", costs, better="less")
            less = "without checking the password" + ("" if resume else " and the handshake")
            row(letter, f"… {less}", "messages/s", rates_without, target="≥ 3 ×")
            row(letter, f"… processor time {less}", "ms/message", without, better="less")
        if "k" in only:
            values = {server.name: handshakes(server.port, max(10 // scale, 2)) for server in servers}
            row("k", "full handshakes (openssl s_time)", "handshakes/s", values)
            row("k", "… by those of openssl s_server with the same key", "", {name: value / limit for name, value in values.items()},
                target="≥ 0.7")
        if "l" in only:
            # Postfix has a process for each.
            values = {server.name: idle_memory(server, 5000 // scale if server is postern else 100) / 1024 for server in servers}
            row("l", "memory per idle TLS session", "KiB", values, better="less", target="≤ 64 KiB")
    finally:
        for server in servers:
            server.stop()
