"""Nonsense at the milter's door: okited goes on serving whoever comes next."""

import random
import struct

import pytest

from support import mta

ACCEPTED = "accepted"
ALICE = {"login": "alice"}


@pytest.fixture
def node(okited):
    node = okited(
        max_recipients=2000, limits=({"name": "day", "per": ["account"], "quota": "100000/24h"},)
    )
    yield node
    assert node.program.status is None, node.log.text()
    assert node.send(["a@b.example"], login="good").gists == [ACCEPTED]


def open_raw(node):
    session = mta.Session(node.listen)
    session.socket.settimeout(5)
    return session


def drain(session):
    """Whatever it answers, until it closes or falls silent."""
    session.socket.settimeout(0.2)
    try:
        while session.socket.recv(65536):
            pass
    except OSError:
        pass
    session.close()


ADDRESSES = {
    "10,000 characters before the @": "x" * 10_000 + "@b.example",
    "10,000 characters after the @": "x@" + "b." * 5_000 + "example",
    "control bytes": "a\x01\x02\x1b[31m\x7f@b.example",
    "line ends": "a\r\nRCPT TO:<x@y>\r\n@b.example",
    "invalid UTF-8": b"a\xff\xfe\xc3@b\xe9.example",
    "overlong UTF-8": b"a\xc0\xaf@b.example",
    "no @": "postmaster",
    "only @": "@",
    "many @": "a@b@c@d.example",
    "nothing": "",
    "a space": " ",
    "quoted": '"a b\\"@c"@b.example',
    "a source route": "@one.example,@two.example:a@b.example",
    "an address literal": "a@[192.0.2.7]",
    "braces": "a}{b@{r:*}.example",
    "percent signs": "a%s%n%d@b.example",
    "a lone angle": "a<@b.example>",
}


@pytest.mark.parametrize("name", ADDRESSES)
def test_recipient(node, name):
    with node.session(**ALICE) as session:
        session.mail("news@shop.example")
        reply = session.rcpt(ADDRESSES[name])
        assert reply.accepted or reply.code // 100 in (4, 5)
        assert reply.code != 421
        assert session.rcpt("a@b.example").accepted
    check_log(node)


@pytest.mark.parametrize("name", ADDRESSES)
def test_sender(node, name):
    with node.session(**ALICE) as session:
        reply = session.mail(ADDRESSES[name])
        assert reply.code != 421
        if reply.accepted:
            session.rcpt("a@b.example")
        session.abort()
        assert session.send("news@shop.example", ["a@b.example"]).accepted == 1
    check_log(node)


def check_log(node):
    """Foreign text is made printable and cut."""
    log = node.log.bytes()
    assert not set(log) & (set(range(32)) - {9, 10} | {127}), log
    log.decode("utf-8")
    assert max((len(line) for line in log.splitlines()), default=0) < 4000


@pytest.mark.parametrize(
    "login", ["x" * 10_000, "a\x01\r\nb", b"\xff\xfe", "a b", "{r:*}", "*", ":l:"]
)
def test_login(node, login):
    with node.session(login=login) as session:
        message = session.send("news@shop.example", ["a@b.example"])
        assert all(
            reply.accepted or reply.code // 100 in (4, 5)
            for reply in [message.mail, *message.replies]
        )
    check_log(node)


@pytest.mark.parametrize(
    "login", ["a} :l:day", "alice}", "{alice", "alice:l:day", "*", "al\\ice", "a\nb"]
)
def test_odd_logins_have_counts_of_their_own(node, login):
    node.send(["a@b.example"], **ALICE)
    node.send(["a@b.example", "c@d.example"], login=login)
    assert node.used("alice", "day") == 1
    assert node.used(login, "day") == 2


def test_thousand_recipients(node):
    message = node.send([f"r{i}@b.example" for i in range(1000)], **ALICE)
    assert message.accepted == 1000 and message.end.accepted
    assert node.used("alice", "day") == 1000


def test_thousand_recipients_then_nothing(node):
    session = node.session(**ALICE)
    message = session.envelope("news@shop.example", [f"r{i}@b.example" for i in range(1000)])
    assert set(message.gists) == {ACCEPTED}
    session.close()
    node.wait_used("alice", "day", 0)


def test_same_recipient_a_hundred_times(node):
    message = node.send(["a@b.example"] * 100, **ALICE)
    assert set(message.gists) == {ACCEPTED} and message.end.accepted


PACKETS = {
    "HTTP": b"GET / HTTP/1.1\r\nHost: okite\r\n\r\n",
    "SMTP": b"EHLO client.test.example\r\n",
    "zero length": struct.pack(">I", 0),
    "4 GB to come": struct.pack(">I", 0xFFFFFFFF) + b"M",
    "2 GB to come": struct.pack(">I", 0x7FFFFFFF) + b"B" + b"x" * 1000,
    "unknown event": struct.pack(">I", 1) + b"?",
    "negotiation cut short": struct.pack(">I", 5) + b"O" + b"\0\0\0\6",
    "negotiation of version 0": struct.pack(">IcIII", 13, b"O", 0, 0, 0),
    "negotiation of version 99": struct.pack(">IcIII", 13, b"O", 99, 0xFFFFFFFF, 0xFFFFFFFF),
    "nothing": b"",
    "one byte": b"\0",
}


@pytest.mark.parametrize("name", PACKETS)
def test_packet_instead_of_negotiation(node, name):
    session = open_raw(node)
    session.send_raw(PACKETS[name])
    drain(session)


AFTER_NEGOTIATION = {
    "MAIL without an end": struct.pack(">I", 10) + b"M<a@b.exam",
    "MAIL without anything": struct.pack(">I", 1) + b"M",
    "RCPT without anything": struct.pack(">I", 1) + b"R",
    "connect without anything": struct.pack(">I", 1) + b"C",
    "connect without an address": struct.pack(">I", 8) + b"Cx\0" + b"4\0\x19" + b"1\0",
    "connect of a family unknown": struct.pack(">I", 4) + b"Cx\0Z",
    "macros that stop in the middle": struct.pack(">I", 8) + b"DM{auth_",
    "macros of no event": struct.pack(">I", 6) + b"D?i\0x\0",
    "a header without a value": struct.pack(">I", 5) + b"Lname",
    "longer than said": struct.pack(">I", 3) + b"M<a@b.example>\0",
    "shorter than said": struct.pack(">I", 300) + b"M<a@b.example>\0",
}


@pytest.mark.parametrize("name", AFTER_NEGOTIATION)
def test_packet_after_negotiation(node, name):
    session = open_raw(node).negotiate()
    session.send_raw(AFTER_NEGOTIATION[name])
    drain(session)


def test_random_packets(node):
    random_bytes = random.Random(8896)
    for _ in range(200):
        session = open_raw(node)
        try:
            if random_bytes.random() < 0.7:
                session.negotiate()
            for _ in range(random_bytes.randrange(1, 12)):
                letter = bytes([random_bytes.choice(b"OCHMRTLNBEAQKDU?")])
                body = random_bytes.randbytes(random_bytes.randrange(0, 80))
                session.send_packet(letter, body + random_bytes.choice([b"", b"\0"]))
            session.flush()
        except mta.Closed:
            pass
        session.close()


def test_every_packet_cut_at_every_byte(node):
    """A good conversation that ends after 1, 2, 3 ... bytes."""
    recorder = open_raw(node).negotiate()
    recorder.flush = lambda: None
    recorder.read_reply = lambda: mta.CONTINUE
    recorder.connect()
    recorder.helo()
    recorder.login = "alice"
    recorder.mail("news@shop.example")
    recorder.rcpt("a@b.example")
    talk = recorder.pending
    recorder.close()
    for length in range(0, len(talk), 3):
        session = open_raw(node).negotiate()
        session.send_raw(talk[:length])
        session.close()
    node.wait_used("alice", "day", 0)


ORDERS = {
    "RCPT before MAIL": "rcpt mail rcpt",
    "RCPT and nothing else": "rcpt eom",
    "end of message without RCPT": "mail eom",
    "end of message before MAIL": "eom mail rcpt eom",
    "two ends of message": "mail rcpt data eoh eom eom eom",
    "MAIL twice": "mail mail rcpt eom",
    "DATA first": "data eoh eom",
    "header first": "header eoh body eom",
    "connect twice": "connect connect helo helo mail rcpt",
    "RCPT after the end of message": "mail rcpt data eoh eom rcpt eom",
    "abort everywhere": "abort mail abort rcpt abort eom abort abort",
}


@pytest.mark.parametrize("order", ORDERS)
def test_order(node, order):
    session = open_raw(node).negotiate()
    session.socket.settimeout(0.3)  # what makes no sense to it has no answer
    session.connect()
    session.helo()
    session.message = mta.Message("", [])
    values = {
        "mail": ["news@shop.example"],
        "rcpt": ["a@b.example"],
        "header": ["Subject", "x"],
        "body": [b"x"],
    }
    try:
        for step in ORDERS[order].split():
            getattr(session, step)(*values.get(step, []))
        session.flush()
    except (mta.Closed, TimeoutError):
        pass
    session.close()


def test_events_that_were_negotiated_away(node):
    """An MTA of old that sends everything all the same."""
    session = open_raw(node).negotiate()
    steps, session.steps = session.steps, 0
    if steps & mta.EVENTS["connect"][1]:
        session.send_packet(b"C", b"localhost\x004\x9c\x41127.0.0.1\0")
    session.send_packet(b"H", b"x\0")
    session.send_packet(b"L", b"Subject\0x\0")
    session.send_packet(b"N")
    session.send_packet(b"B", b"x" * 1000)
    session.flush()
    drain(session)


@pytest.mark.parametrize("steps", [0, 0x3FF, mta.STEPS & ~0xFF000], ids=hex)
def test_mta_that_offers_less(node, steps):
    """Older MTAs know fewer steps; mail is judged all the same."""
    try:
        session = mta.Session(node.listen, **ALICE).open(steps)
    except mta.Closed:
        return  # refusing such an MTA at negotiation is an answer too
    with session:
        assert session.send("news@shop.example", ["a@b.example"]).accepted == 1


def test_hundred_connections_that_say_nothing(node):
    sessions = [open_raw(node) for _ in range(100)]
    assert node.send(["a@b.example"], **ALICE).gists == [ACCEPTED]
    for session in sessions:
        session.close()


def test_huge_header_and_many_headers(node):
    headers = [(f"X-{i}", "y" * 50) for i in range(2000)] + [("X-Big", "z" * 60_000)]
    headers += [("X-Okite-Token", "forged")] * 100
    message = node.send(["a@b.example"], headers=headers, **ALICE)
    assert message.end.accepted
    left = [value for name, value in message.headers if name == "X-Okite-Token"]
    # Ten copies are taken out without asking for the headers; ours comes first in any case.
    assert message.headers[0] == ("X-Okite-Token", left[0]) and left[0] != "forged"
    assert left[1:] == ["forged"] * 90 and len(message.headers) == 2092
