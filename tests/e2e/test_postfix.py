"""What only Postfix does: XCLIENT, SMTPUTF8, a socket in its queue folder."""

import os

import pytest

from support.postfix import PASSWORD, Postfix
from support.smtp import Client
from support.wait import wait_until

ACCEPTED = "accepted"
ALICE = "alice@test.example"
DAY = {"name": "day", "per": ["account"], "quota": "100/24h"}


def alice(postfix):
    client = Client(postfix.address)
    client.login(ALICE, PASSWORD)
    return client


def test_login_played_by_a_proxy(guard, postfix):
    node = guard(limits=(DAY,))
    with Client(postfix.address).play("192.0.2.7", "Carol@Test.example") as client:
        assert client.deliver("carol@test.example", ["x@y.example"]).accepted == 1
    assert node.used("carol@test.example", "day") == 1
    assert node.log.wait(r"account=carol@test\.example client=192\.0\.2\.7 ")


@pytest.mark.parametrize(
    "address, account",
    [("192.0.2.77", "192.0.2.77"), ("2001:db8:5:6::7", "2001:db8:5:6::/64")],
)
def test_client_without_login(guard, postfix, address, account):
    node = guard(limits=(DAY,), outgoing={"networks": ["192.0.2.0/24", "2001:db8::/32"]})
    with Client(postfix.address).play(address) as client:
        assert client.deliver("a@shop.example", ["x@y.example"]).accepted == 1
    assert node.used(account, "day") == 1


def test_internationalized_addresses(guard, postfix):
    node = guard()
    node.suppress("bob@bücher.example")
    with alice(postfix) as client:
        client.command_encoding = "utf-8"
        to = ["bob@bücher.example", "bob@xn--bcher-kva.example", "jürgen@bücher.example"]
        outcome = client.deliver("jörg@bücher.example", to, options="SMTPUTF8")
    assert outcome.gists == ["550 5.7.1 suppressed", "550 5.7.1 suppressed", ACCEPTED]
    assert outcome.accepted == 1


def test_milter_on_a_unix_socket(okited, postfix, milter_port, folder):
    """Postfix can reach a socket in its queue folder, whoever okited runs as."""
    private = Postfix(f"{folder}/postfix", "unix:okite/okite.sock", logins=())
    os.mkdir(private.path("spool/okite"))
    os.chmod(private.path("spool/okite"), 0o755)
    socket = private.path("spool/okite/okite.sock")
    node = okited(listen=f"unix:{socket}", limits=(DAY,))
    os.chmod(socket, 0o666)
    private.start()
    try:
        with Client(private.address) as client:
            assert client.deliver("a@b.example", ["x@y.example"]).accepted == 1
        assert node.used("127.0.0.1", "day") == 1
    finally:
        private.stop()


def test_recipient_named_twice_counts_twice(guard, postfix):
    """With different DSN parameters, Postfix does send two copies."""
    node = guard(limits=(DAY,))
    with alice(postfix) as client:
        outcome = client.envelope(ALICE, [])
        for original in ("one@a.example", "two@a.example"):
            reply = client.command(f"RCPT TO:<a@box.test> ORCPT=rfc822;{original}")
            outcome.replies.append(reply)
        assert client.content(outcome).accepted == 2
    wait_until(lambda: len(postfix.inbox()) == 2, "two copies")
    assert node.used(ALICE, "day") == 2
