"""The lab's containers: made, brought up, asked, taken down. See containers/README.md."""
import os, pathlib, secrets, shutil, subprocess, time

ROOT = pathlib.Path(__file__).resolve().parent.parent
COMPOSE = ROOT / "containers/compose.yaml"
PROJECT = "postern-lab"
ROLES = ["core", "edge", "submission", "auth", "delivery", "mailbox"]
SURROUNDINGS = ["dns", "internet", "dovecot", "gateway", "client"]
PEOPLE = ["alice", "bob", "carol"]
DOMAIN = "office.test"
BASE = os.environ.get("POSTERN_BASE", "docker.io/library/debian:bookworm-slim")
# On the loopback address of this machine, as in compose.yaml.
PORTS = {"smtp": 3025, "submission": 3587, "submissions": 3465, "imaps": 3993, "pop3s": 3995}


class Trouble(Exception):
    """What keeps the lab from running, in a sentence."""


class Result:
    def __init__(self, status, text, errors):
        self.status, self.text, self.errors = status, text, errors

    @property
    def all(self):
        return self.text + self.errors


class Lab:
    def __init__(self):
        self.engine = os.environ.get("CONTAINER_ENGINE") or next((name for name in ("podman", "docker") if shutil.which(name)), None)
        if self.engine is None:
            raise Trouble("there is neither podman nor docker: scripts/install-packages lab")
        # Such as docker-compose with DOCKER_HOST, in front of podman's own service.
        named = os.environ.get("COMPOSE_COMMAND")
        if named:
            self.compose_command = named.split()
        elif self.engine == "podman":
            if not shutil.which("podman-compose"):
                raise Trouble("podman is there, and podman-compose is not: scripts/install-packages lab")
            self.compose_command = ["podman-compose", "--podman-path", str(ROOT / "containers/podman-for-compose")]
        elif subprocess.run([self.engine, "compose", "version"], capture_output=True).returncode == 0 or not shutil.which("docker-compose"):
            self.compose_command = [self.engine, "compose"]
        else:
            self.compose_command = ["docker-compose"]
        self.ports = {name: int(os.environ.get(f"LAB_{name.upper()}_PORT", port)) for name, port in PORTS.items()}
        self.passwords = {}

    # Running things

    def run(self, *command, input=None, timeout=120, check=True):
        try:
            done = subprocess.run([str(part) for part in command], input=input, capture_output=True, text=True, errors="replace",
                                  timeout=timeout, cwd=ROOT)
        except subprocess.TimeoutExpired:
            raise Trouble(f"{' '.join(map(str, command[:6]))} … took more than {timeout} s") from None
        result = Result(done.returncode, done.stdout, done.stderr)
        if check and result.status:
            raise Trouble(f"{' '.join(map(str, command[:8]))} failed ({result.status}): {result.all.strip()[-2000:]}")
        return result

    def compose(self, *arguments, timeout=300):
        return self.run(*self.compose_command, "-p", PROJECT, "-f", COMPOSE, *arguments, timeout=timeout)

    def inside(self, name, *command, input=None, timeout=60, check=False):
        """A command in a container, as that container's account."""
        interactive = ["-i"] if input is not None else []
        return self.run(self.engine, "exec", *interactive, f"{PROJECT}-{name}", *command, input=input, timeout=timeout, check=check)

    def start_inside(self, name, *command):
        return subprocess.Popen([self.engine, "exec", f"{PROJECT}-{name}", *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True)

    def postern(self, *arguments, input=None):
        return self.inside("core", "postern", *arguments, input=input, check=True).text

    # Up and down

    def is_there(self):
        names = self.run(self.engine, "ps", "-a", "--format", "{{.Names}}").text.split()
        return f"{PROJECT}-core" in names or f"{PROJECT}-dns" in names

    def make_images(self):
        """From local executables, or by a build in the container."""
        binaries = os.environ.get("POSTERN_BINARIES", "local")
        builder = ["--build-arg", f"BUILDER={BASE}"] if binaries == "local" else []
        if binaries == "local":
            self.run(ROOT / "containers/collect", os.environ.get("POSTERN_EXECUTABLES", ROOT / ".build/release"))
        # The host's network: a machine may reach its package mirror by that alone.
        build = [self.engine, "build", "--network", "host", "--build-arg", f"BASE={BASE}"]
        self.run(*build, *builder, "--build-arg", f"BINARIES={binaries}", "-f", "containers/Containerfile", "-t", "postern", ".", timeout=1800)
        self.run(*build, "-f", "containers/lab/Containerfile", "-t", "postern-lab", ".", timeout=900)

    def up(self):
        self.compose("up", "-d", "dns")
        self.compose("up", "-d", "prepare")
        self.until("that certificates and configuration are made", lambda: self.state("prepare") == "exited 0")
        self.compose("up", "-d", *[name for name in ROLES + SURROUNDINGS if name != "dns"])
        for role in ROLES:
            self.until(f"that {role} is healthy", lambda role=role: self.is_healthy(role))
        self.until("that DNS has all names", self.has_names)
        self.until("that the Internet is up", lambda: self.inside("internet", "postfix", "status").status == 0)
        self.until("that Dovecot is up", lambda: self.inside("dovecot", "doveadm", "service", "status", "lmtp").status == 0)
        known = self.postern("user", "list")
        for name in PEOPLE:
            if f"{name}@{DOMAIN}" not in known:
                self.passwords[name] = secrets.token_urlsafe(9)
                self.postern("user", "add", f"{name}@{DOMAIN}", "--password-stdin", input=self.passwords[name])
        self.share_accounts()

    def share_accounts(self):
        """Postern's accounts for Dovecot."""
        accounts = self.postern("user", "export", "--dovecot", "--uid", "5000", "--gid", "5000", "--home", "/mail/{user}")
        self.inside("dovecot", "sh", "-c", "cat >/etc/dovecot/users.new && chmod 0640 /etc/dovecot/users.new"
                    " && chgrp dovecot /etc/dovecot/users.new && mv /etc/dovecot/users.new /etc/dovecot/users", input=accounts, check=True)

    def down(self):
        self.compose("down", "-v", "-t", "5")
        # podman-compose 1.0.3 leaves the network; docker has removed it.
        self.run(self.engine, "network", "rm", f"{PROJECT}_outside", check=False)

    def state(self, name):
        return self.run(self.engine, "inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", f"{PROJECT}-{name}", check=False).text.strip()

    def is_healthy(self, role):
        return self.inside(role, "postern", "health", role).status == 0

    def address(self, name):
        text = self.run(self.engine, "inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}",
                        f"{PROJECT}-{name}").text.split()
        return text[0] if text else ""

    def has_names(self):
        """Names follow the containers' addresses."""
        for container, name in (("edge", f"mail.{DOMAIN}"), ("submission", f"submission.{DOMAIN}"), ("internet", "mx.outside.test")):
            if self.inside("client", "dig", "+short", "+time=2", "+tries=1", name, "A").text.strip() != self.address(container):
                return False
        return all(self.inside("client", "dig", "+short", f"_25._tcp.{host}", "TLSA").text.strip()
                   for host in (f"mail.{DOMAIN}", "mx.outside.test"))

    def until(self, what, condition, seconds=90):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise Trouble(f"{what} did not happen within {seconds} s")
            time.sleep(0.5)

    def logs(self, lines=60):
        text = ""
        for name in ["prepare", *ROLES, *SURROUNDINGS]:
            said = self.run(self.engine, "logs", "--tail", str(lines), f"{PROJECT}-{name}", check=False).all
            text += f"--- {name}: {self.state(name)}\n{said}\n"
        return text
