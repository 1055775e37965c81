#!/usr/bin/env python3
"""What a Postern that was installed into a bare Debian must do under a real systemd. Runs inside the container of scripts/install-test.

Prints a line for each promise, and ends with 1 where one is not kept. /staged has what `make install` made.
"""

import ctypes
import glob
import os
import pwd
import shutil
import smtplib
import socket
import ssl
import subprocess
import sys
import threading
import time

DAEMONS = ["core", "edge", "submission", "auth", "delivery", "mailbox"]
CONFIGURATION = "/etc/postern/postern.yaml"
failures = 0


def run(*words, check=True, text=None):
    result = subprocess.run(words, capture_output=True, text=True, input=text, timeout=120)
    if check and result.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: {result.returncode}\n{result.stdout}{result.stderr}")
    return result


def eventually(what, probe, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = probe()
        if value:
            return value
        time.sleep(0.1)
    raise RuntimeError(f"within {seconds} s this did not happen: {what}")


def promise(text):
    """Runs the function below it, and says whether what it stands for holds."""

    def decorate(function):
        global failures
        try:
            note = function()
            print(f"  ok    {text}" + (f" ({note})" if note else ""), flush=True)
        except Exception as error:
            failures += 1
            print(f"  FAIL  {text}: {error}", flush=True)
        return function

    return decorate


def require(condition, text):
    if not condition:
        raise RuntimeError(text)


def property_of(unit, name):
    return run("systemctl", "show", "-P", name, unit).stdout.strip()


def unit(daemon):
    return f"postern-{daemon}.service"


def pid(daemon):
    return int(property_of(unit(daemon), "MainPID"))


def is_active(name):
    return run("systemctl", "is-active", name, check=False).stdout.strip() == "active"


def all_run():
    return all(is_active(unit(daemon)) for daemon in DAEMONS)


def status(daemon):
    with open(f"/proc/{pid(daemon)}/status") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def spread(source):
    """Copies what was installed into the root of this machine, file by file in its place, as a package would."""
    for folder, _, names in os.walk(source):
        target = "/" + os.path.relpath(folder, source)
        os.makedirs(target, exist_ok=True)
        for name in names:
            shutil.copy2(os.path.join(folder, name), os.path.join(target, name + ".new"))
            os.rename(os.path.join(target, name + ".new"), os.path.join(target, name))


def drop_in(name, text):
    folder = f"/run/systemd/system/{name}.d"
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/90-test.conf", "w") as file:
        file.write(text)
    run("systemctl", "daemon-reload")


def no_drop_in(name):
    shutil.rmtree(f"/run/systemd/system/{name}.d")
    run("systemctl", "daemon-reload")


def letters(user):
    return len(glob.glob(f"/var/lib/postern-mailbox/example.org/{user}/new/*"))


def send(subject, recipient="alice@example.org"):
    with smtplib.SMTP("127.0.0.1", 25, timeout=30) as client:
        client.sendmail("friend@example.net", [recipient], f"Subject: {subject}\r\n\r\nHello.\r\n")


def arrives(subject):
    before = letters("alice")
    send(subject)
    eventually("the message is in the Maildir", lambda: letters("alice") > before)


def arrives_eventually(subject):
    """The same where a daemon has just been started: the edge may still be told to wait."""
    before = letters("alice")

    def try_to_send():
        try:
            send(subject)
            return True
        except (OSError, smtplib.SMTPException):
            return False

    eventually("the message is taken", try_to_send)
    eventually("the message is in the Maildir", lambda: letters("alice") > before)


def writable(daemon):
    """The folders and files that a daemon's account can write to in the daemon's view of the files, without what is below them.

    By a fork and not by a program: in that view nothing but the daemon can be started.
    """
    user, groups = pwd.getpwnam(f"postern-{daemon}"), [int(word) for word in status(daemon)["Groups"].split()]
    namespace = os.open(f"/proc/{pid(daemon)}/ns/mnt", os.O_RDONLY)
    libc = ctypes.CDLL(None, use_errno=True)
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(out)
        try:
            if libc.setns(namespace, 0x20000) != 0:
                raise OSError(ctypes.get_errno(), "setns")
            os.setgroups(groups)
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
            found = []
            for folder, folders, names in os.walk("/"):
                if folder == "/":
                    folders[:] = [name for name in folders if name not in ("proc", "sys")]
                if os.access(folder, os.W_OK):
                    found.append(folder)
                    folders[:] = []
                    continue
                for name in names:
                    path = os.path.join(folder, name)
                    # Devices such as /dev/null are there to be written to.
                    if os.path.isfile(path) and not os.path.islink(path) and os.access(path, os.W_OK):
                        found.append(path)
            answer = "\n".join(sorted(found))
        except BaseException as error:
            answer = f"cannot look: {error!r}"
        os.write(into, answer.encode())
        os._exit(0)
    os.close(into)
    os.close(namespace)
    with os.fdopen(out) as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return [line for line in answer.split("\n") if line]


class Stream:
    """Connects again and again until it is told to stop; every connection must be greeted.

    But for the one that is open at the moment when the old process is told to end: it says 421, as to every client that it has, before it
    goes (RFC 5321 section 3.8). `ended` counts these.
    """

    def __init__(self, port, greeting):
        self.port, self.greeting = port, greeting
        self.count, self.ended, self.errors, self.stopped = 0, 0, [], False
        self.thread = threading.Thread(target=self.go)

    def go(self):
        while not self.stopped:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
                    answer = connection.recv(512)
                    if answer.startswith(b"421 4.3.2 The server is shutting down"):
                        self.ended += 1
                        continue
                    if not answer.startswith(self.greeting):
                        self.errors.append(repr(answer))
                    connection.sendall(b"QUIT\r\n")
                    connection.recv(512)
                self.count += 1
            except OSError as error:
                self.errors.append(str(error))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped = True
        self.thread.join(120)


print("A bare Debian with systemd, and Postern installed into /usr:")
spread("/staged/single-host")
eventually("systemd has booted", lambda: run("systemctl", "is-system-running", check=False).stdout.strip() in ["running", "degraded"])


@promise("the files of accounts and folders are understood, and there is an account for each daemon")
def _():
    for command in (["systemd-sysusers"], ["systemd-tmpfiles", "--create", "/usr/lib/tmpfiles.d/postern.conf"]):
        result = run(*command)
        require("postern" not in result.stderr or "Creating" in result.stderr, result.stderr)
    require(len({pwd.getpwnam(f"postern-{daemon}").pw_uid for daemon in DAEMONS}) == 6, "accounts are shared")
    run("systemctl", "daemon-reload")
    run("systemctl", "enable", "postern.target")


@promise("the executables run where there is no Swift")
def _():
    require(not glob.glob("/usr/lib/**/libswiftCore.so", recursive=True), "there is a Swift here")
    run("postern", "certificate", "self-sign", "--group", "postern-tls")
    run("postern", "check")


@promise("systemctl start postern.target starts all six, each as its account, and each says that it is ready")
def _():
    run("systemctl", "start", "postern.target")
    eventually("all six run", all_run)
    for daemon in DAEMONS:
        uid = pwd.getpwnam(f"postern-{daemon}").pw_uid
        require(status(daemon)["Uid"].split() == [str(uid)] * 4, f"{daemon} runs as {status(daemon)['Uid']}")
    # Status lines are what they said themselves.
    require("0.0.0.0:25" in property_of(unit("edge"), "StatusText"), "the edge has not said where it listens")


@promise("a message from outside is in the Maildir, which belongs to the mailbox daemon alone")
def _():
    for user in ("alice", "bob"):
        run("postern", "user", "add", f"{user}@example.org", "--password-stdin", text="correct horse\n")
    arrives("first")
    found = glob.glob("/var/lib/postern-mailbox/example.org/alice/new/*")[0]
    require(os.stat(found).st_uid == pwd.getpwnam("postern-mailbox").pw_uid and os.stat(found).st_mode & 0o077 == 0, "the file's mode")


@promise("who logs in sends, over STARTTLS and over TLS from the first octet; a stranger does not relay")
def _():
    context = ssl._create_unverified_context()
    before = letters("bob")
    with smtplib.SMTP("127.0.0.1", 587, timeout=30) as client:
        client.starttls(context=context)
        client.login("alice", "correct horse")
        client.sendmail("alice@example.org", ["bob@example.org"], "Subject: a\r\n\r\n")
    with smtplib.SMTP_SSL("127.0.0.1", 465, timeout=30, context=context) as client:
        client.login("alice", "correct horse")
        client.sendmail("alice@example.org", ["bob@example.org"], "Subject: b\r\n\r\n")
    eventually("both are in the Maildir", lambda: letters("bob") >= before + 2)
    try:
        send("relay", "someone@example.com")
        raise RuntimeError("a stranger relays")
    except smtplib.SMTPRecipientsRefused:
        pass


@promise("no privilege: no capability, none to be had, and a filter for system calls")
def _():
    for daemon in DAEMONS:
        lines = status(daemon)
        for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb"):
            require(int(lines[name], 16) == 0, f"{daemon} has {name} {lines[name]}")
        require(lines["NoNewPrivs"] == "1" and lines["Seccomp"] == "2", f"{daemon} is not confined")


@promise("core, auth and mailbox have no network: only a loopback interface of their own")
def _():
    own = os.stat("/proc/self/ns/net").st_ino
    for daemon in DAEMONS:
        has_own = os.stat(f"/proc/{pid(daemon)}/ns/net").st_ino != own
        require(has_own == (daemon in ("core", "auth", "mailbox")), f"{daemon}: own network {has_own}")
        if has_own:
            with open(f"/proc/{pid(daemon)}/net/dev") as file:
                # Tunnels that the kernel puts into every namespace are down.
                names = {line.split(":")[0].strip() for line in file if ":" in line}
            require("eth0" not in names, f"{daemon} sees {names}")


@promise("what each can write to, as its account in its own view of the files")
def _():
    expected = {
        "core": ["/tmp", "/var/lib/postern", "/var/tmp"], "auth": ["/tmp", "/var/tmp"],
        "mailbox": ["/var/lib/postern-mailbox"], "edge": [], "submission": [], "delivery": [],
    }
    for daemon in DAEMONS:
        top = writable(daemon)
        # The folder of the sockets is root's; what is below a folder of its own is its own.
        require(top == expected[daemon], f"{daemon} can write to {top}")


@promise("each gets at its own socket, and at no other's")
def _():
    owners = {"edge": "edge", "submission": "submission", "auth": "auth", "delivery": "delivery", "mailbox": "mailbox",
              "login": "submission", "control": "core"}
    for daemon in DAEMONS:
        for name, owner in owners.items():
            code = (
                "import os,socket,sys\n"
                f"os.setgroups([]); os.setgid({pwd.getpwnam('postern-' + daemon).pw_gid}); os.setuid({pwd.getpwnam('postern-' + daemon).pw_uid})\n"
                "s=socket.socket(socket.AF_UNIX)\n"
                f"sys.exit(s.connect_ex('/run/postern/{name}.sock'))\n")
            code = run("python3", "-c", code, check=False).returncode
            require((code == 0) == (daemon == owner), f"{daemon} at {name}.sock: {os.strerror(code)}")


@promise("a restart of the edge refuses no connection")
def _():
    with Stream(25, b"220 ") as stream:
        for _ in range(5):
            run("systemctl", "restart", "postern-edge")
        eventually("some connections more", lambda: stream.count > 20)
    require(not stream.errors, f"{len(stream.errors)} of {stream.count + len(stream.errors)}: {stream.errors[:3]}")
    require(stream.ended <= 5, f"{stream.ended} connections were told to come back")
    return f"{stream.count} connections over five restarts, {stream.ended} under way were told 421"


@promise("a restart of submission refuses no connection")
def _():
    with Stream(587, b"220 ") as stream:
        for _ in range(3):
            run("systemctl", "restart", "postern-submission")
    require(not stream.errors and stream.ended <= 3, f"{stream.ended}, {stream.errors[:3]}")
    return f"{stream.count} connections over three restarts"


@promise("the core can be restarted: the others wait for it at the sockets, which stay")
def _():
    inode = os.stat("/run/postern/edge.sock").st_ino
    run("systemctl", "restart", "postern-core")
    require(os.stat("/run/postern/edge.sock").st_ino == inode, "the socket has been made anew")
    arrives_eventually("after a restart of the core")


@promise("systemctl reload takes up a changed file in all, and says why not where it is wrong")
def _():
    with open(CONFIGURATION) as file:
        old = file.read()
    before = run("postern", "status").stdout
    with open(CONFIGURATION, "w") as file:
        file.write(old + "\nmaximum_hops: 29\n")
    run("systemctl", "reload", "postern.target")
    eventually("another revision", lambda: run("postern", "status").stdout.split("\n")[1] != before.split("\n")[1])
    since = lambda daemon: run("journalctl", "-o", "cat", "-u", unit(daemon)).stdout.count("configuration reloaded")
    eventually("edge and submission follow", lambda: since("edge") > 0 and since("submission") > 0)
    with open(CONFIGURATION, "w") as file:
        file.write(old + "\nmaximum_hop: 29\n")
    result = run("systemctl", "reload", "postern-core", check=False)
    require(result.returncode != 0, "a file that is wrong was taken up")
    require("maximum_hop" in run("journalctl", "-o", "cat", "-u", unit("core"), "-n", "30").stdout, "the reason is not in the journal")
    with open(CONFIGURATION, "w") as file:
        file.write(old)
    run("systemctl", "reload", "postern-edge", "postern-core")
    require(all_run(), "a reload has ended a daemon")
    arrives("after a reload")


@promise("a daemon that is killed is started again")
def _():
    for daemon in DAEMONS:
        old = pid(daemon)
        os.kill(old, 9)
        eventually(f"another {daemon}", lambda: pid(daemon) not in (0, old) and is_active(unit(daemon)))
    arrives_eventually("after all were killed")


@promise("a daemon that hangs is ended by the watchdog, and started again")
def _():
    for daemon in ("edge", "core"):
        drop_in(unit(daemon), "[Service]\nWatchdogSec=2s\n")
        run("systemctl", "restart", unit(daemon))
        # It lives on with that short a time while it does not hang.
        time.sleep(5)
        old = pid(daemon)
        require(property_of(unit(daemon), "NRestarts") == "0", f"{daemon} was ended although it did not hang")
        os.kill(old, 19)
        eventually(f"another {daemon}", lambda: pid(daemon) not in (0, old) and is_active(unit(daemon)))
        require("watchdog" in run("journalctl", "-o", "cat", "-u", unit(daemon), "-n", "50").stdout.lower(), "it was not the watchdog")
        no_drop_in(unit(daemon))
        run("systemctl", "restart", unit(daemon))
    arrives_eventually("after the watchdog")


@promise("a socket that the configuration does not know is refused in a sentence")
def _():
    drop_in("postern-edge.socket", "[Socket]\nListenStream=127.0.0.1:2626\n")
    run("systemctl", "stop", "postern-edge.socket", "postern-edge.service")
    run("systemctl", "start", "postern-edge.socket")
    run("systemctl", "start", "postern-edge.service", check=False)
    eventually("it has failed", lambda: property_of(unit("edge"), "ExecMainStatus") == "78")
    lines = run("journalctl", "-o", "cat", "-u", unit("edge"), "-n", "20").stdout
    require("does not listen on what was handed over: 127.0.0.1:2626 (internet)" in lines, lines)
    no_drop_in("postern-edge.socket")
    run("systemctl", "stop", "postern-edge.socket", "postern-edge.service")


@promise("without its socket unit the edge binds its ports itself")
def _():
    with open("/usr/share/doc/postern/topology/plain-binding.conf") as file:
        drop_in(unit("edge"), file.read())
    run("systemctl", "mask", "--runtime", "--now", "postern-edge.socket")
    run("systemctl", "start", unit("edge"))
    arrives_eventually("plain binding")
    run("systemctl", "stop", unit("edge"))
    run("systemctl", "unmask", "--runtime", "postern-edge.socket")
    no_drop_in(unit("edge"))
    run("systemctl", "start", "postern-edge.socket", "postern-edge.service")
    arrives_eventually("with its socket again")


@promise("systemctl stop postern.target ends all and closes the sockets")
def _():
    run("systemctl", "stop", "postern.target")
    eventually("nothing runs", lambda: not any(is_active(unit(daemon)) for daemon in DAEMONS))
    eventually("no socket is left", lambda: not glob.glob("/run/postern/*.sock"))
    for port in (25, 587, 465):
        eventually(f"{port} is closed", lambda: socket.socket().connect_ex(("127.0.0.1", port)) != 0)


@promise("front-back: the configuration that is there stays, and all starts again")
def _():
    own = open(CONFIGURATION).read()
    os.rename("/staged/front-back/etc/postern/postern.yaml", "/staged/front-back.yaml")
    spread("/staged/front-back")
    require(open(CONFIGURATION).read() == own, "the configuration was replaced")
    shutil.copy("/staged/front-back.yaml", CONFIGURATION)
    run("postern", "certificate", "self-sign", "mx")
    run("postern", "certificate", "self-sign", "clients")
    run("systemctl", "daemon-reload")
    run("systemctl", "start", "postern.target")
    eventually("all six run", all_run)
    arrives_eventually("front and back")


@promise("front-back: the front is stopped and upgraded alone, and the back keeps working")
def _():
    back = {daemon: pid(daemon) for daemon in ("core", "auth", "delivery", "mailbox")}
    run("systemctl", "stop", "postern-front.target")
    eventually("the front has ended", lambda: not is_active(unit("edge")) and not is_active(unit("submission")))
    eventually("port 25 is closed", lambda: socket.socket().connect_ex(("127.0.0.1", 25)) != 0)
    require("queue" in run("postern", "status").stdout, "the core does not answer")
    spread("/staged/front")
    run("systemctl", "start", "postern-front.target")
    arrives_eventually("after an upgrade of the front")
    require({daemon: pid(daemon) for daemon in back} == back, "a daemon of the back was restarted")


print("install-test: " + ("every promise is kept" if failures == 0 else f"{failures} promises are broken"))
sys.exit(0 if failures == 0 else 1)
