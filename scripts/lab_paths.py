"""The paths that mail takes in the lab, and the bounds of each container, as rows of a table: what is tried, and what came of it."""
import json, re, smtplib, time

from lab_containers import BASE, DOMAIN, PROJECT, ROLES, Trouble

ROWS = []


class Failed(Exception):
    """What is not as it must be, in a sentence."""


def row(group, name):
    def add(function):
        ROWS.append((group, name, function))
        return function
    return add


def expect(condition, text):
    if not condition:
        raise Failed(text)


def last_line(text):
    lines = text.strip().splitlines()
    return lines[-1] if lines else ""


class Paths:
    """What the rows have in common."""

    def __init__(self, lab):
        self.lab = lab
        self.count = 0

    def word(self):
        self.count += 1
        return f"word-{self.count}-{time.time_ns()}"

    def from_outside(self, to, word, sender="friend@outside.test"):
        self.lab.inside("internet", "sendmail", "-f", sender, to, check=True,
                        input=f"From: {sender}\nTo: {to}\nSubject: {word}\n\nHello from outside.\n")

    def imap(self, user, word):
        """The message with that word in its subject, or nil, as curl reads it by IMAP."""
        found = self.curl(user, f"imaps://imap.{DOMAIN}/INBOX?SUBJECT%20{word}")
        number = re.search(r"\* SEARCH (\d+)", found.text)
        return self.curl(user, f"imaps://imap.{DOMAIN}/INBOX;MAILINDEX={number[1]}").text if number else None

    def pop3(self, user, word):
        listed = self.curl(user, f"pop3s://imap.{DOMAIN}/").text.split()
        for number in sorted((int(number) for number in listed[::2]), reverse=True)[:5]:
            text = self.curl(user, f"pop3s://imap.{DOMAIN}/{number}").text
            if word in text:
                return text
        return None

    def curl(self, user, url):
        return self.lab.inside("client", "curl", "-sS", "--max-time", "20", "--cacert", "/public/imap.pem",
                               "--user", f"{user}@{DOMAIN}:{self.lab.passwords[user]}", url)

    def until(self, what, condition, seconds=60):
        """The first value of the condition that is something."""
        end = time.monotonic() + seconds
        while True:
            value = condition()
            if value:
                return value
            expect(time.monotonic() < end, f"{what}: not within {seconds} s")
            time.sleep(0.5)

    def at_the_internet(self, word):
        return self.lab.inside("internet", "sh", "-c", f"cat $(grep -l {word} /home/friend/Maildir/new/* /dev/null) /dev/null").text

    def address_seen(self, word):
        """The address that the edge has seen of a client whose sender has that word, and who was refused."""
        def line():
            log = self.lab.run(self.lab.engine, "logs", "--tail", "200", f"{PROJECT}-core").all
            return next((line for line in log.splitlines() if word in line and "recipient refused" in line), None)

        found = self.until("the core's log line of the refusal", line, 20)
        return json.loads(found)["client"]

    def swaks(self, server, port, sender, to, *more):
        return self.lab.inside("client", "swaks", "--server", server, "--port", str(port), "--from", sender, "--to", to, "--timeout", "20",
                               "--ehlo", "client.lab.test", *more)


# Mail in

@row("mail", "outside → edge → mailbox → IMAP, over TLS verified by DANE")
def to_imap(paths):
    word = paths.word()
    paths.from_outside(f"alice@{DOMAIN}", word)
    text = paths.until("the message by IMAP", lambda: paths.imap("alice", word))
    expect("Hello from outside." in text, "it came without its text")
    received = paths.lab.run(paths.lab.engine, "logs", f"{PROJECT}-internet").all
    expect(f"Verified TLS connection established to mail.{DOMAIN}" in received, "Postfix did not verify the edge by its TLSA record")


@row("mail", "outside → edge → mailbox → POP3")
def to_pop3(paths):
    word = paths.word()
    paths.from_outside(f"bob@{DOMAIN}", word)
    paths.until("the message by POP3", lambda: paths.pop3("bob", word))


# Mail out

@row("mail", "IMAP user → submission (587, STARTTLS) → Internet")
def from_imap_user(paths):
    word = paths.word()
    said = paths.swaks(f"submission.{DOMAIN}", 587, f"alice@{DOMAIN}", "friend@outside.test", "--tls", "--auth", "PLAIN", "--auth-user",
                       f"alice@{DOMAIN}", "--auth-password", paths.lab.passwords["alice"], "--header", f"Subject: {word}")
    expect(said.status == 0, last_line(said.all))
    text = paths.until("the message at outside.test", lambda: paths.at_the_internet(word))
    expect(f"mail.{DOMAIN}" in text and "TLS" in text, "outside.test does not say that it came from us over TLS")


@row("mail", "POP3 user → submission (465, TLS, SCRAM) → Internet")
def from_pop3_user(paths):
    word = paths.word()
    sent = paths.lab.inside(
        "client", "msmtp", "--host", f"submission.{DOMAIN}", "--port", "465", "--tls=on", "--tls-starttls=off",
        "--tls-trust-file=/public/submission.pem", "--auth=scram-sha-256", f"--user=bob@{DOMAIN}",
        f"--passwordeval=echo {paths.lab.passwords['bob']}", f"--from=bob@{DOMAIN}", "--timeout=20", "friend@outside.test",
        input=f"From: bob@{DOMAIN}\nTo: friend@outside.test\nSubject: {word}\n\nHello.\n")
    expect(sent.status == 0, last_line(sent.all))
    paths.until("the message at outside.test", lambda: paths.at_the_internet(word))


@row("mail", "colleague → submission → mailbox → IMAP")
def colleague(paths):
    word = paths.word()
    said = paths.swaks(f"submission.{DOMAIN}", 587, f"carol@{DOMAIN}", f"alice@{DOMAIN}", "--tls", "--auth", "PLAIN", "--auth-user",
                       f"carol@{DOMAIN}", "--auth-password", paths.lab.passwords["carol"], "--header", f"Subject: {word}")
    expect(said.status == 0, last_line(said.all))
    paths.until("the message by IMAP", lambda: paths.imap("alice", word))


# Refusals

def refused(paths, said):
    line = next((line for line in said.all.splitlines() if re.match(r"<\*\* +5\d\d|<~\* +5\d\d", line)), None)
    expect(line is not None, f"it was not refused: {last_line(said.all)}")
    return re.sub(r"^<\S+\s+", "", line)


@row("refusals", "stranger → edge → relay")
def stranger(paths):
    reply = refused(paths, paths.swaks(f"mail.{DOMAIN}", 25, "friend@outside.test", "someone@elsewhere.test"))
    expect("5.7.1" in reply, reply)
    return reply


@row("refusals", "… by a userland proxy, with the proxy's address")
def by_proxy(paths):
    word = paths.word()
    reply = refused(paths, paths.swaks("gateway.lab.test", 25, f"{word}@outside.test", "someone@elsewhere.test"))
    expect("5.7.1" in reply, reply)
    seen = paths.address_seen(word)
    expect(seen == paths.lab.address("gateway"), f"the edge saw {seen}, and not the address of the proxy")
    return f"{reply} (to {seen})"


@row("refusals", "… by a port that the engine publishes on this machine")
def by_published_port(paths):
    word = paths.word()
    client = smtplib.SMTP("127.0.0.1", paths.lab.ports["smtp"], "stranger.test", timeout=20)
    client.ehlo()
    client.mail(f"{word}@outside.test")
    code, text = client.rcpt("someone@elsewhere.test")
    client.quit()
    expect(code == 550, f"{code} {text!r}")
    return f"{code} {text.decode()} (to {paths.address_seen(word)})"


@row("refusals", "stranger → proxy → submission, without a login")
def submission_by_proxy(paths):
    for to in ("someone@elsewhere.test", f"alice@{DOMAIN}"):
        reply = refused(paths, paths.swaks("gateway.lab.test", 587, f"alice@{DOMAIN}", to, "--tls"))
        expect("5.7." in reply, reply)
    return reply


@row("refusals", "stranger → edge → nobody of ours")
def unknown(paths):
    reply = refused(paths, paths.swaks(f"mail.{DOMAIN}", 25, "friend@outside.test", f"nobody@{DOMAIN}"))
    expect("5.1.1" in reply, reply)
    return reply


@row("refusals", "restricted user → submission → Internet, and the reason")
def restricted(paths):
    reply = refused(paths, paths.swaks(
        f"submission.{DOMAIN}", 587, f"carol@{DOMAIN}", "friend@outside.test", "--tls", "--auth", "PLAIN", "--auth-user",
        f"carol@{DOMAIN}", "--auth-password", paths.lab.passwords["carol"]))
    code = re.search(r"R-\w+", reply)
    expect(code is not None, f"without a code to explain it by: {reply}")
    reason = paths.lab.postern("explain", "refusal", code[0])
    expect("restrictions" in reason and "postern.yaml:" in reason, f"the reason does not name the restrictions: {reason}")
    return reply


# Loss

@row("loss", "core killed and restarted under load: nothing acknowledged is lost")
def killed_core(paths):
    lab = paths.lab
    load = lab.start_inside("client", "/lab/load", "edge", "25", "4")
    for _ in range(3):
        time.sleep(4)
        lab.run(lab.engine, "kill", "--signal", "KILL", f"{PROJECT}-core", check=False)
        # `restart: on-failure` may have been quicker.
        lab.run(lab.engine, "start", f"{PROJECT}-core", check=False)
        lab.until("that the core is back", lambda: lab.is_healthy("core"))
    result = outcome(load)
    expect(not result["refused"], f"refused for good: {result['said']}")
    expect(result["put_off"] + result["lost"] > 0, "no client noticed that the core was away: it was not killed under load")
    arrived_whole(paths, result["acknowledged"])
    return f"{len(result['acknowledged'])} acknowledged and delivered, {result['put_off'] + result['lost']} put off"


def outcome(load):
    try:
        text, errors = load.communicate(timeout=120)
    except BaseException:
        load.kill()
        raise
    expect(load.returncode == 0, f"the load ended with {load.returncode}: {last_line(errors)}")
    return json.loads(text)


def arrived_whole(paths, names):
    expect(len(names) >= 20, f"only {len(names)} messages were acknowledged")

    def missing():
        said = paths.lab.inside("dovecot", "doveadm", "fetch", "-u", f"alice@{DOMAIN}", "hdr.message-id", "mailbox", "INBOX", check=True).text
        there = set(re.findall(r"<(\w+)@load\.test>", said))
        return [name for name in names if name not in there]

    end = time.monotonic() + 120
    while lost := missing():
        if time.monotonic() > end:
            queued = paths.lab.postern("status").splitlines()
            raise Failed(f"{len(lost)} of {len(names)} acknowledged messages did not arrive; {[line for line in queued if 'queue' in line]}")
        time.sleep(1)


def replaced(paths, front, other, *login):
    """Replaces one front end while the other is under load."""
    lab = paths.lab
    load = lab.start_inside("client", "/lab/load", other, "20", "2", *login)
    time.sleep(2)
    before = lab.run(lab.engine, "inspect", "--format", "{{.Id}}", f"{PROJECT}-{front}").text
    lab.run(lab.engine, "rm", "-f", f"{PROJECT}-{front}")
    lab.compose("up", "-d", front)
    lab.until(f"that {front} is healthy", lambda: lab.is_healthy(front))
    lab.until("that DNS has its address", lab.has_names)
    expect(lab.run(lab.engine, "inspect", "--format", "{{.Id}}", f"{PROJECT}-{front}").text != before, f"{front} was not replaced")
    result = outcome(load)
    expect(result["put_off"] + result["lost"] + result["refused"] == 0,
           f"{other} did not serve without a break: {result['put_off']} put off, {result['lost']} lost, {result['refused']} refused: {result['said']}")
    arrived_whole(paths, result["acknowledged"])
    return f"{len(result['acknowledged'])} messages by {other} meanwhile, none put off"


@row("loss", "edge replaced while submission serves")
def replaced_edge(paths):
    said = replaced(paths, "edge", "submission", f"alice@{DOMAIN}", paths.lab.passwords["alice"])
    word = paths.word()
    paths.from_outside(f"alice@{DOMAIN}", word)
    paths.until("a message by the new edge", lambda: paths.imap("alice", word))
    return said


@row("loss", "submission replaced while edge serves")
def replaced_submission(paths):
    said = replaced(paths, "submission", "edge")
    from_imap_user(paths)
    return said


# Bounds

SOCKETS = {"edge": ["edge.sock"], "submission": ["submission.sock", "login.sock"], "auth": ["auth.sock", "login.sock"],
           "delivery": ["delivery.sock"], "mailbox": ["mailbox.sock"]}
CONNECT = """use Socket; for (glob("/run/postern/*.sock")) { socket(my $s, PF_UNIX, SOCK_STREAM, 0);
my $r = connect($s, sockaddr_un($_)) ? "open" : "$!"; s{.*/}{}; print "$_ $r\\n" }"""


@row("bounds", "each role can connect to its own sockets, and to no other")
def sockets(paths):
    for role, own in SOCKETS.items():
        said = dict(line.split(" ", 1) for line in paths.lab.inside(role, "perl", "-e", CONNECT, check=True).text.splitlines())
        expect(len(said) == 7, f"{role} sees {len(said)} sockets: {said}")
        for name, what in said.items():
            wanted = "open" if name in own else "Permission denied"
            expect(what == wanted, f"{role}, {name}: {what}, expected: {wanted}")


@row("bounds", "no role can remove or replace a socket of another")
def replacing(paths):
    for role in ROLES:
        foreign = "login.sock" if role == "core" else "control.sock"
        tried = paths.lab.inside(role, "sh", "-c", f"rm -f /run/postern/{foreign}; mv /run/postern/{foreign} /run/postern/x")
        expect(tried.status != 0 and re.search("not permitted|denied", tried.all), f"{role}, {foreign}: {tried.all.strip()}")


@row("bounds", "queue and directory can be seen by the core alone")
def state(paths):
    expect("queue.sqlite" in paths.lab.inside("core", "ls", "/var/lib/postern").text, "the core has no queue")
    for role in ROLES:
        if role != "core":
            seen = paths.lab.inside(role, "sh", "-c", "ls -A /var/lib/postern; find / -xdev -name '*.sqlite*' 2>/dev/null").text
            expect(seen.strip() == "", f"{role} sees {seen.strip()}")


@row("bounds", "core, auth and mailbox have no interface but lo")
def interfaces(paths):
    for role in ROLES:
        found = paths.lab.inside(role, "ls", "/sys/class/net", check=True).text.split()
        if role in ("core", "auth", "mailbox"):
            expect(found == ["lo"], f"{role}: {found}")
        else:
            expect(len(found) == 2, f"{role}: {found}")


@row("bounds", "own account, no capability, no new privileges, nothing to write to")
def privileges(paths):
    accounts = set()
    for role in ROLES:
        status = paths.lab.inside(role, "cat", "/proc/1/status", check=True).text
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        users = fields["Uid"].split()
        expect(len(set(users)) == 1 and users[0] != "0", f"{role} runs as {users}")
        accounts.add(users[0])
        for name in ("CapEff", "CapPrm", "CapBnd", "CapInh"):
            expect(int(fields[name], 16) == 0, f"{role}: {name} {fields[name]}")
        expect(fields["NoNewPrivs"] == "1", f"{role} may get new privileges")
        tried = paths.lab.inside(role, "sh", "-c", "echo > /etc/x || echo > /usr/bin/x || echo > /etc/postern/x || echo > /x")
        expect(tried.status != 0, f"{role} can write to its root file system")
    expect(len(accounts) == len(ROLES), f"{len(ROLES)} roles have {len(accounts)} accounts")


@row("bounds", "each front end can read its own key, and nobody else any")
def keys(paths):
    for role in ROLES:
        for key in ("edge", "submission"):
            tried = paths.lab.inside(role, "cat", f"/etc/postern/tls/{key}.key")
            expect((tried.status == 0) == (role == key), f"{role}, {key}.key: {tried.errors.strip() or 'can be read'}")


@row("bounds", "the image is at most 150 MB larger than its base")
def size(paths):
    sizes = [int(paths.lab.run(paths.lab.engine, "image", "inspect", "--format", "{{.Size}}", name).text) for name in ("postern", BASE)]
    larger = (sizes[0] - sizes[1]) / 1e6
    expect(larger <= 150, f"{larger:.0f} MB")
    return f"{larger:.0f} MB"


@row("later", "pull from a provider (ETRN)")
def etrn(_):
    return None


def run_all(lab, report):
    """Every row in order, also after a failed one; what failed."""
    paths, failed = Paths(lab), []
    for group, name, function in ROWS:
        begin = time.monotonic()
        if group == "later":
            report("later", name, "", 0)
            continue
        try:
            said = function(paths) or ""
            report("ok", name, said, time.monotonic() - begin)
        except (Failed, Trouble, OSError) as error:
            failed.append(name)
            report("FAILED", name, str(error), time.monotonic() - begin)
    return failed
