"""What only Sendmail does: its macros, its one copy of a recipient, its sendmail(1)."""

import os
import smtplib
import subprocess

import pytest

from support.postfix import PASSWORD
from support.sendmail import Sendmail
from support.smtp import Client
from support.wait import free_port, wait_until

ACCEPTED = "accepted"
ALICE = "alice@test.example"
SENDER = "cron@box.test"
DAY = {"name": "day", "per": ["account"], "quota": "100/24h"}
HERE = "127.0.0.1"
GONE = "550 5.7.1 suppressed"


def alice(server):
    client = Client(server.address)
    client.login(ALICE, PASSWORD)
    return client


def quota(text, **more):
    return {**DAY, "quota": text, **more}


def send(server, to, **more):
    with alice(server) as client:
        return client.deliver(ALICE, to, **more)


def delivered(server):
    """Whom the mail has gone to, by now all of it."""
    server.wait_idle()
    return sorted(message["Delivered-To"] for message in server.sink.received())


@pytest.fixture
def private(folder, sendmail_program):
    """A function that starts a Sendmail for this test alone."""
    servers = []

    def start(milter, **more):
        path = os.path.join(folder, f"sendmail{len(servers)}")
        servers.append(Sendmail(path, sendmail_program, milter, **more).start())
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def tables(sendmail):
    """A function that writes Sendmail's tables, until the end of the test."""
    changed = set()

    def write(name, text):
        changed.add(name)
        sendmail.table(name, text)

    yield write
    for name in changed:
        sendmail.table(name, "")


# ---- recipients that are one to Sendmail ----

# Refusing or removing one of them, Sendmail would drop the other one, too.
SAME = {
    "twice the same": ("a@box.test", "a@box.test"),
    "by a detour": ("a@box.test", "a%box.test@corp.example"),
    "a local user of two domains": ("bob@corp.example", "bob@mx.test.example"),
    "a local user without a domain": ("bob@corp.example", "bob"),
    "a virtual user": ("a@box.test", "virtual@corp.example"),
}


@pytest.mark.parametrize("first, second", SAME.values(), ids=SAME)
def test_another_name_of_an_accepted_recipient(guard, sendmail, tables, first, second):
    tables("virtusertable", "virtual@corp.example a@box.test\n")
    node = guard(limits=(quota("2/24h", action="reject"),))
    outcome = send(sendmail, [first, "c@box.test", second, "d@box.test"])
    assert outcome.gists == [ACCEPTED] * 3 + ["550 5.7.1 day"]
    assert len(delivered(sendmail)) == 2  # one copy, whatever was named
    assert node.used(ALICE, "day") == 2
    assert node.account(ALICE)["sent"] == 2


def test_other_parameters_bring_no_second_copy(guard, sendmail):
    """Else whoever gives some would send for nothing."""
    node = guard(limits=(DAY,))
    with alice(sendmail) as client:
        outcome = client.envelope(ALICE, [])
        for more in ("ORCPT=rfc822;one@a.example", "ORCPT=rfc822;two@a.example NOTIFY=NEVER"):
            outcome.replies.append(client.command(f"RCPT TO:<a@box.test> {more}"))
        assert client.content(outcome).accepted == 2
    assert delivered(sendmail) == ["a@box.test"]
    assert node.used(ALICE, "day") == 1


def test_other_spelling_is_another_recipient(guard, sendmail):
    node = guard(limits=(quota("3/24h"),))
    outcome = send(sendmail, ["a@box.test", "A@box.test", "a@BOX.test", "a+x@box.test"])
    assert outcome.gists == [ACCEPTED] * 3 + ["451 4.7.1 day"]
    assert len(delivered(sendmail)) <= 3
    assert node.used(ALICE, "day") == 3


@pytest.mark.parametrize("action", ["reject", "discard"])
@pytest.mark.parametrize("kind", ["aliases", "virtusertable"])
@pytest.mark.parametrize("order", ["suppressed first", "suppressed last"])
def test_suppressed_name_of_somebody_who_gets_it(guard, sendmail, tables, kind, action, order):
    """al@ leads to bob@ of here, who is written to as well."""
    tables(kind, {"aliases": "al: bob\n", "virtusertable": "al@corp.example bob\n"}[kind])
    node = guard(suppression={"action": action}, limits=(DAY,))
    node.suppress("al@corp.example")
    to = ["al@corp.example", "bob@corp.example"]
    send(sendmail, to if order == "suppressed first" else to[::-1])
    assert delivered(sendmail) == ["bob"]


@pytest.mark.parametrize("action, want", [("reject", GONE), ("discard", ACCEPTED)])
def test_suppressed_alias(guard, sendmail, tables, action, want):
    """Nobody gets it whom the alias stands for."""
    tables("aliases", "al: x@box.test, y@box.test\nself: \\self, z@box.test\n")
    node = guard(suppression={"action": action})
    for name in ("al", "self"):
        node.suppress(f"{name}@corp.example")
        outcome = send(sendmail, ["a@box.test", f"{name}@corp.example"])
        assert outcome.gists == [ACCEPTED, want]
    assert delivered(sendmail) == ["a@box.test"] * 2


def test_virtual_user_is_judged_as_who_gets_it(guard, sendmail, tables):
    tables("virtusertable", "ceo@corp.example gone@box.test\n@corp.example error:nouser none\n")
    node = guard(internal_domains=["corp.example"], limits=(DAY,))
    node.suppress("gone@box.test")
    outcome = send(sendmail, ["ceo@corp.example", "a@box.test", "nobody@corp.example"])
    assert outcome.gists[:2] == [GONE, ACCEPTED]
    assert not outcome.replies[2].accepted and outcome.replies[2].rule == ""
    assert node.used(ALICE, "day") == 1  # okited is not asked about those that Sendmail refuses


def test_mailertable_changes_nothing(guard, sendmail, tables):
    tables("mailertable", "box.test esmtp:[127.0.0.1]\n")
    node = guard()
    node.suppress("gone@box.test")
    assert send(sendmail, ["gone@box.test", "a@box.test"]).gists == [GONE, ACCEPTED]
    sendmail.wait_inbox("a@box.test")


# ---- local users ----


def test_bare_local_user_is_one_of_the_host(guard, sendmail):
    node = guard(internal_domains=["in.example"], limits=(DAY,))
    node.suppress("bob@mx.test.example")
    assert send(sendmail, ["bob", "carol"]).gists == [GONE, ACCEPTED]
    assert node.used(ALICE, "day") == 1
    assert node.log.wait(r"to=<bob@mx\.test\.example>")


def test_bare_local_user_is_internal_if_the_host_is(guard, sendmail):
    node = guard(internal_domains=["mx.test.example"], limits=(DAY,))
    assert send(sendmail, ["bob", "carol@mx.test.example"]).accepted == 2
    assert delivered(sendmail) == ["bob", "carol"]
    assert node.used(ALICE, "day") == 0


def test_bare_sender(guard, private, milter_port):
    """Its domain counts where the sender's does."""
    listen = f"inet:{milter_port}@127.0.0.1"
    server = private(listen, more="FEATURE(`accept_unqualified_senders')dnl")
    node = guard(listen=listen, account=["sender_domain"], limits=(DAY,))
    with Client(server.address) as client:
        assert client.deliver("alice", ["a@box.test"]).accepted == 1
    assert node.used("mx.test.example", "day") == 1


@pytest.mark.parametrize(
    "address",
    ['"vic tim@gmail.example"@corp.example', '"a b"@corp.example'],
)
def test_quoted_local_user(guard, sendmail, address):
    """{rcpt_addr} has quotes and no domain, and the @ in them is none."""
    node = guard()
    node.suppress(address)
    assert send(sendmail, [address, "a@box.test"]).gists == [GONE, ACCEPTED]


def test_unicode_without_the_extension(guard, sendmail):
    node = guard()
    node.suppress("bob@bücher.example")
    with alice(sendmail) as client:
        client.command_encoding = "utf-8"
        outcome = client.deliver(ALICE, ["bob@bücher.example", "bob@xn--bcher-kva.example"])
    assert outcome.gists == [GONE] * 2


# ---- the session ----


def test_rset_gives_back_at_once(guard, sendmail):
    """Sendmail tells of it when it happens, not at the next transaction."""
    node = guard(limits=(DAY,))
    with alice(sendmail) as client:
        client.envelope(ALICE, ["a@y.example", "b@y.example"])
        assert node.used(ALICE, "day") == 2
        client.command("RSET")
        node.wait_used(ALICE, "day", 0)


def test_too_many_recipients_for_sendmail_itself(guard, private, milter_port):
    listen = f"inet:{milter_port}@127.0.0.1"
    server = private(listen, more="define(`confMAX_RCPTS_PER_MESSAGE', `2')dnl")
    node = guard(listen=listen, limits=(DAY,))
    outcome = send(server, ["a@box.test", "b@box.test", "c@box.test"])
    assert outcome.gists == [ACCEPTED] * 2 + ["452 4.5.3"]
    assert outcome.end.accepted
    assert node.used(ALICE, "day") == 2


def test_starttls(guard, private, milter_port, folder):
    certificate, key = f"{folder}/cert.pem", f"{folder}/key.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    files = ["-subj", "/CN=mx.test.example", "-out", certificate, "-keyout", key]
    subprocess.run([*command.split(), *files], check=True, capture_output=True)
    names = {"SERVER_CERT": certificate, "SERVER_KEY": key, "CACERT": certificate}
    names["CACERT_PATH"] = folder
    more = "\n".join(f"define(`conf{name}', `{path}')dnl" for name, path in names.items())
    listen = f"inet:{milter_port}@127.0.0.1"
    server = private(listen, more=more)
    node = guard(listen=listen, limits=(quota("1/24h"),))
    with Client(server.address) as client:
        assert client.starttls()[0] == 220
        client.login(ALICE, PASSWORD)
        outcome = client.deliver(ALICE, ["a@box.test", "b@box.test"])
    assert outcome.gists == [ACCEPTED, "451 4.7.1 day"] and outcome.end.accepted
    assert node.used(ALICE, "day") == 1


AWAY = [
    ("F=T", "tempfail"),
    ("F=R", "reject"),
    ("", "continue"),
]


@pytest.mark.parametrize("flags, want", AWAY, ids=[flags or "none" for flags, _ in AWAY])
def test_okited_is_not_there(private, flags, want):
    server = private(f"inet:{free_port()}@127.0.0.1", flags=flags)
    try:
        with Client(server.address) as client:
            outcome = client.deliver("a@b.example", ["a@box.test"])
            kind = outcome.mail.kind
            assert outcome.accepted == (1 if want == "continue" else 0)
    except smtplib.SMTPConnectError as error:
        kind = {4: "tempfail", 5: "reject"}[error.smtp_code // 100]
    assert kind == want


def test_okited_dies_in_the_middle(guard, sendmail):
    """F=T: the client is told to come back."""
    node = guard(limits=(DAY,))
    with alice(sendmail) as client:
        outcome = client.envelope(ALICE, ["a@box.test"])
        assert outcome.gists == [ACCEPTED]
        node.kill()
        client.content(outcome)
        assert outcome.end.code // 100 == 4
    sendmail.wait_idle()
    assert sendmail.inbox() == []


@pytest.fixture
def two(private, new_okited, own_redis, folder):
    """
    A Sendmail with two milters, both okited: (server, ours, other).  The other one
    has its own Redis.
    """

    def start(ours_first):
        ours = new_okited(listen=f"unix:{folder}/ours.sock", limits=(DAY,)).start()
        other = new_okited(listen=f"unix:{folder}/other.sock", on=own_redis()).start()
        order = [ours, other] if ours_first else [other, ours]
        filters = [
            f"INPUT_MAIL_FILTER(`filter{i}', `S={node.listen}, F=T')dnl"
            for i, node in enumerate(order)
        ]
        return private("", more="\n".join(filters)), ours, other

    return start


@pytest.mark.parametrize("ours_first, used", [(False, 2), (True, 3)], ids=["before", "after"])
def test_refused_by_another_milter(two, ours_first, used):
    """What a milter after okite refuses has been charged."""
    server, ours, other = two(ours_first)
    other.suppress("gone@box.test")
    outcome = send(server, ["a@box.test", "gone@box.test", "b@box.test"])
    assert outcome.gists == [ACCEPTED, GONE, ACCEPTED]
    assert delivered(server) == ["a@box.test", "b@box.test"]
    assert ours.used(ALICE, "day") == used


# ---- quarantine ----


def test_quarantine_tells_why(guard, sendmail):
    node = guard(limits=(quota("1/24h", action="hold"),))
    outcome = send(sendmail, ["a@box.test", "b@box.test"])
    assert sendmail.wait_held() == [["a@box.test", "b@box.test"]]
    listing = sendmail.run("-bp", "-qQ").stdout
    assert sendmail.queue_id(outcome.end) in listing and "QUARANTINE: okite:day" in listing
    sendmail.release()
    sendmail.wait_inbox("a@box.test", "b@box.test")
    assert sendmail.held() == []
    assert node.used(ALICE, "day") == 2


# ---- mail from this machine ----


def test_sendmail_command(guard, sendmail):
    """sendmail(1) hands it over by SMTP: a client of this host, without a login."""
    node = guard(limits=(DAY,))
    assert sendmail.sendmail(SENDER, ["a@box.test", "b@box.test"]).returncode == 0
    messages = sendmail.wait_inbox("a@box.test", "b@box.test")
    assert all(len(message.get_all("X-Okite-Token")) == 1 for message in messages)
    assert node.used(HERE, "day") == 2 and node.used("local", "day") == 0
    assert node.log.wait(r"verdict=accept account=127\.0\.0\.1 client=127\.0\.0\.1 ")


def test_sendmail_command_suppressed_recipient_bounces(guard, sendmail):
    """That one alone, at RCPT: the others get it."""
    node = guard()
    node.suppress("gone@box.test", "--reason", "hard")
    sendmail.sendmail(SENDER, ["a@box.test", "gone@box.test", "b@box.test"])
    _, _, bounce = sendmail.wait_inbox("a@box.test", "b@box.test", SENDER)
    assert bounce.get_content_type() == "multipart/report"
    assert "[okite:suppressed]" in bounce.as_string() and "gone@box.test" in bounce.as_string()
    sendmail.wait_idle()
    assert len(sendmail.inbox()) == 3 and sendmail.waiting() == 0


def test_sendmail_command_waits_for_those_over_the_limit_alone(guard, sendmail):
    node = guard(limits=(quota("2/24h"),))
    to = ["a@box.test", "b@box.test", "c@box.test"]
    sendmail.sendmail(SENDER, to)
    for _ in range(2):
        sendmail.try_again()
        assert sendmail.waiting() == 1 and len(delivered(sendmail)) == 2
    assert node.used(HERE, "day") == 2
    node.okite("account", "set", HERE, "--limit", "day=3/24h", check=0)
    sendmail.try_again()
    sendmail.wait_inbox(*to)
    assert sendmail.waiting() == 0 and len(sendmail.inbox()) == 3


@pytest.mark.parametrize("options, waiting", [([], 1), (["--reject"], 0)], ids=["wait", "reject"])
def test_sendmail_command_of_a_paused_account(guard, sendmail, options, waiting):
    node = guard()
    node.okite("account", "pause", HERE, *options, check=0)
    sendmail.sendmail(SENDER, ["a@box.test"])
    assert sendmail.waiting() == waiting
    node.okite("account", "resume", HERE, check=0)
    sendmail.try_again()
    if waiting:
        sendmail.wait_inbox("a@box.test")
    assert sendmail.waiting() == 0


def test_sendmail_command_null_sender(guard, sendmail):
    node = guard(limits=(DAY,))
    sendmail.sendmail("<>", ["a@box.test"])
    (message,) = sendmail.wait_inbox("a@box.test")
    assert message["Return-Path"] == "<>"
    assert node.used(HERE, "day") == 1


def speak(server, lines):
    """A conversation with `sendmail -bs` over a pipe; the replies."""
    program = server.popen("-bs")
    replies = [read_reply(program)]
    for line in lines:
        program.stdin.write(line + "\r\n")
        program.stdin.flush()
        replies.append(read_reply(program))
    program.stdin.close()
    program.wait()
    return replies


def read_reply(program):
    line = program.stdout.readline()
    while line[3:4] == "-":
        line = program.stdout.readline()
    return line.rstrip()


def test_sendmail_bs_is_local_and_answered_at_once(guard, sendmail):
    node = guard(limits=(quota("2/24h"),), outgoing={"networks": []})
    node.suppress("gone@box.test", "--reason", "hard")
    names = ["a", "gone", "b", "c"]
    lines = [f"RCPT TO:<{name}@box.test>" for name in names]
    lines = ["EHLO localhost", f"MAIL FROM:<{SENDER}>", *lines, "DATA"]
    replies = speak(sendmail, [*lines, "Subject: x\r\n\r\nhello\r\n.", "QUIT"])
    codes = [reply[:3] for reply in replies]
    assert codes == "220 250 250 250 550 250 451 354 250 221".split(), replies
    assert replies[4].endswith("[okite:suppressed]") and replies[6].endswith("[okite:day]")
    sendmail.wait_inbox("a@box.test", "b@box.test")
    assert node.used("local", "day") == 2
    assert node.log.wait(r"verdict=accept account=local client=none ")


def test_client_of_a_unix_socket_is_local(guard, private, milter_port, folder):
    path, listen = f"{folder}/smtp", f"inet:{milter_port}@127.0.0.1"
    daemon = f"DAEMON_OPTIONS(`Family=local, Name=Local, Addr={path}')dnl"
    server = private(listen, more=daemon)
    node = guard(listen=listen, limits=(DAY,), outgoing={"networks": []})
    wait_until(lambda: os.path.exists(path), "a socket for clients")
    with Client(path) as client:
        assert client.deliver(SENDER, ["a@box.test"]).accepted == 1
    server.wait_inbox("a@box.test")
    assert node.used("local", "day") == 1


def test_direct_delivery_asks_no_milter(guard, sendmail):
    """`sendmail -bm` with the daemon's own sendmail.cf, which only root may."""
    node = guard(limits=(DAY,))
    node.suppress("gone@box.test")
    sendmail.run("-bm", "-odi", "-f", SENDER, "gone@box.test", input="Subject: x\n\nhello\n")
    sendmail.wait_inbox("gone@box.test")
    assert node.log.lines("verdict=") == []
