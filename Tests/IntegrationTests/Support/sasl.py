"""The client's side of mechanisms, written from their RFCs and apart from what is tested.

client(MECHANISM, USER, PASSWORD) is a generator: first the initial response (None: there is none), then an answer to each challenge
that is sent to it.
"""
import base64
import hashlib
import hmac
import os


def plain(user, password):  # RFC 4616
    yield b"\0" + user.encode() + b"\0" + password.encode()


def login(user, password):  # draft-murchison-sasl-login
    yield None
    yield user.encode()
    yield password.encode()


def scram_sha_256(user, password):  # RFC 5802, RFC 7677
    def mac(key, text):
        return hmac.digest(key, text, "sha256")

    nonce = base64.b64encode(os.urandom(18))
    bare = b"n=" + user.replace("=", "=3D").replace(",", "=2C").encode() + b",r=" + nonce
    first = yield b"n,," + bare
    facts = dict(part.split(b"=", 1) for part in first.split(b","))
    assert facts[b"r"].startswith(nonce), "the server changed our nonce"
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(facts[b"s"]), int(facts[b"i"]))
    final = b"c=biws,r=" + facts[b"r"]
    message = bare + b"," + first + b"," + final
    key = mac(salted, b"Client Key")
    proof = bytes(a ^ b for a, b in zip(key, mac(hashlib.sha256(key).digest(), message)))
    last = yield final + b",p=" + base64.b64encode(proof)
    assert last == b"v=" + base64.b64encode(mac(mac(salted, b"Server Key"), message)), "the server does not know the password"
    yield b""


def external(user, _):
    yield user.encode()


def client(mechanism, user, password):
    # What we cannot play has an initial response that no mechanism takes.
    known = {"PLAIN": plain, "LOGIN": login, "SCRAM-SHA-256": scram_sha_256}
    return known.get(mechanism.upper(), external)(user, password)
