"""One client network attacks the edge, and honest mail comes from another: attack.py PORT CONNECTIONS KIND RECIPIENT

The attack comes from 127.0.0.2, honest mail from 127.0.0.9. Prints how many of the attacker's connections were refused at once, and `taken` when the
honest message has its 250. Ends by itself within 60 s.
"""
import selectors, smtplib, socket, sys, threading, time

port, count, kind, recipient = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
envelope = f"EHLO attacker.test\r\nMAIL FROM:<a@attacker.test>\r\nRCPT TO:<{recipient}>\r\n".encode()
beginning, again, reads = {
    "quiet": (envelope, b"", True),
    "bdat": (envelope, b"BDAT 0\r\n" * 500, True),
    "rcpt": (envelope, f"RCPT TO:<{recipient}>\r\n".encode() * 200, True),
    "noop": (b"EHLO a\r\n", b"NOOP\r\n" * 1000, True),
    "deaf": (b"EHLO a\r\n", b"NOOP\r\n" * 1000, False),
}[kind]
stop, refused = threading.Event(), 0


def attack():
    global refused
    selector = selectors.DefaultSelector()
    for _ in range(count):
        connection = socket.socket()
        connection.bind(("127.0.0.2", 0))
        connection.connect(("127.0.0.1", port))
        connection.setblocking(False)
        selector.register(connection, selectors.EVENT_READ | selectors.EVENT_WRITE, {"banner": b"", "out": beginning})
    end = time.monotonic() + 50
    while not stop.is_set() and time.monotonic() < end and selector.get_map():
        for key, events in selector.select(0.05):
            connection, state = key.fileobj, key.data
            try:
                if events & selectors.EVENT_READ and (reads or not state["banner"]):
                    data = connection.recv(65536 if reads else 256)
                    if not state["banner"]:
                        refused += data.startswith(b"421 4.7.0 Your network has")
                        state["banner"] = data
                    if not data or data.startswith(b"421"):
                        raise OSError
                if events & selectors.EVENT_WRITE and state["banner"]:
                    state["out"] = state["out"] or again
                    state["out"] = state["out"][connection.send(state["out"]):]
            except BlockingIOError:
                pass
            except OSError:
                selector.unregister(connection)
                connection.close()


attacker = threading.Thread(target=attack, daemon=True)
attacker.start()
time.sleep(2)
with smtplib.SMTP("127.0.0.1", port, "honest.test", timeout=30, source_address=("127.0.0.9", 0)) as server:
    server.sendmail("a@honest.test", [recipient], f"Subject: {kind}\r\n\r\nhello\r\n")
    print("taken")
stop.set()
attacker.join(5)
print(f"refused {refused}")
