"""Real SMTP clients before a real Postfix: who is charged, and what clients are told."""

import os
import re

import pytest

from support.postfix import PASSWORD, Postfix
from support.smtp import Client

ACCEPTED = "accepted"
ALICE = "alice@test.example"
DAY = {"name": "day", "per": ["account"], "quota": "100/24h"}


def alice(postfix):
    client = Client(postfix.address)
    client.login(ALICE, PASSWORD)
    return client


def quota(text, **more):
    return {**DAY, "quota": text, **more}


def test_login(guard, postfix):
    node = guard(limits=(DAY,))
    with alice(postfix) as client:
        assert client.deliver(ALICE, ["x@box.test"]).accepted == 1
    postfix.wait_inbox("x@box.test")
    assert node.used(ALICE, "day") == 1
    # The log line starts with Postfix's queue id, as the queue manager's does.
    queue_id = postfix.log.wait(r"qmgr\S+ (\w+): from=<alice@test\.example>").group(1)
    line = node.log.wait(rf"{queue_id}: (verdict=accept .*)").group(1)
    for word in (f"account={ALICE}", "client=127.0.0.1", f"from=<{ALICE}>", "accepted=1"):
        assert word in line.split(), line


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


def test_real_ipv6_client(guard, postfix):
    node = guard(limits=(quota("1/24h"),))
    with Client(postfix.address6) as client:
        assert client.deliver("a@shop.example", ["x@y.example", "z@y.example"]).gists == [
            ACCEPTED,
            "451 4.7.1 day",
        ]
    assert node.used("::/64", "day") == 1


@pytest.mark.parametrize("count", [1, 50])
def test_recipients(guard, postfix, count):
    node = guard(limits=(DAY,))
    to = [f"r{i}@box.test" for i in range(count)]
    with alice(postfix) as client:
        assert client.deliver(ALICE, to).accepted == count
    postfix.wait_inbox(*to)
    assert node.used(ALICE, "day") == count
    assert node.account(ALICE)["sent"] == count


def test_transactions_of_one_connection(guard, postfix):
    node = guard(limits=(quota("6/24h"),))
    with alice(postfix) as client:
        for _ in range(3):
            assert client.deliver(ALICE, ["x@y.example", "z@y.example"]).accepted == 2
        assert client.deliver(ALICE, ["x@y.example"]).gists == ["451 4.7.1 day"]
        assert client.command("NOOP").code == 250
    assert node.used(ALICE, "day") == 6


def test_pipelining(guard, postfix):
    node = guard(limits=(quota("12/24h"),))
    node.suppress("gone@y.example")
    to = [f"r{i}@y.example" for i in range(6)]
    to.insert(2, "gone@y.example")
    with alice(postfix) as client:
        for _ in range(2):
            outcome = client.deliver_pipelined(ALICE, to)
            assert outcome.gists == [ACCEPTED] * 2 + ["550 5.7.1 suppressed"] + [ACCEPTED] * 4
            assert outcome.end.accepted
        outcome = client.deliver_pipelined(ALICE, to)
        assert "accepted" not in outcome.gists
        assert outcome.end.code == 554  # no valid recipients
    assert node.used(ALICE, "day") == 12


@pytest.mark.parametrize(
    "reason, want",
    [("hard", "550 5.1.1 suppressed"), ("complaint", "550 5.7.1 suppressed")],
)
def test_one_of_three_suppressed(guard, postfix, reason, want):
    node = guard()
    node.suppress("gone@box.test", "--reason", reason)
    with alice(postfix) as client:
        outcome = client.deliver(ALICE, ["a@box.test", "gone@box.test", "c@box.test"])
    assert outcome.gists == [ACCEPTED, want, ACCEPTED]
    postfix.wait_inbox("a@box.test", "c@box.test")
    postfix.wait_idle()
    assert len(postfix.inbox()) == 2
    assert postfix.log.wait(r"milter-reject: RCPT .* to=<gone@box\.test>")


REFUSALS = [
    (
        "rate",
        {"limits": ({"name": "rate", "per": ["account"], "rate": "1/h", "burst": 1},)},
        [ACCEPTED, "451 4.7.1 rate"],
    ),
    ("quota", {"limits": (quota("1/24h"),)}, [ACCEPTED, "451 4.7.1 day"]),
    ("reject", {"limits": (quota("1/24h", action="reject"),)}, [ACCEPTED, "550 5.7.1 day"]),
    ("caps", {"max_recipients": 1}, [ACCEPTED, "452 4.5.3 caps"]),
    (
        "sandbox",
        {
            "plans": ({"name": "sandbox", "limits": (), "verified_recipients_only": True},),
            "default_plan": "sandbox",
        },
        ["554 5.7.1 sandbox"] * 2,
    ),
    ("simulator", {"simulator": "y.example"}, ["550 5.1.1 simulator", "452 4.2.2 simulator"]),
]


@pytest.mark.parametrize(
    "settings, want", [case[1:] for case in REFUSALS], ids=[c[0] for c in REFUSALS]
)
def test_refusals(guard, postfix, settings, want):
    guard(**settings)
    with alice(postfix) as client:
        outcome = client.deliver(ALICE, ["bounce@y.example", "softbounce@y.example"])
        assert outcome.gists == want
        # Whatever was said, the session lives.
        assert client.command("NOOP").code == 250


@pytest.mark.parametrize(
    "options, want", [([], "451 4.7.1 paused"), (["--reject"], "554 5.7.1 paused")]
)
def test_paused(guard, postfix, options, want):
    node = guard()
    node.okite("account", "pause", ALICE, *options, check=0)
    with alice(postfix) as client:
        assert client.deliver(ALICE, ["x@y.example"]).gists == [want]


def test_too_large_by_size(guard, postfix):
    guard(max_size="10K")
    with alice(postfix) as client:
        outcome = client.deliver(ALICE, ["x@y.example"], options="SIZE=20000")
        assert outcome.mail.gist == "552 5.3.4 caps"
        assert client.deliver(ALICE, ["x@y.example"]).accepted == 1


def test_too_large_at_the_end(guard, postfix):
    node = guard(max_size="10K", limits=(DAY,))
    with alice(postfix) as client:
        outcome = client.deliver(ALICE, ["x@y.example"], text="Subject: x\r\n\r\n" + "x\r\n" * 5000)
        assert outcome.gists == [ACCEPTED]
        assert outcome.end.gist == "552 5.3.4 caps"
    node.wait_used(ALICE, "day", 0)


def test_redis_away(new_okited, own_redis, milter_port, postfix):
    redis = own_redis()
    new_okited(listen=f"inet:{milter_port}@127.0.0.1", on=redis).start()
    redis.kill()
    with alice(postfix) as client:
        assert client.deliver(ALICE, ["x@y.example"]).gists == ["451 4.3.0 redis"]


def test_refusals_do_not_cost_the_session(guard, postfix):
    """Sixty refusals, never a 421, and the accepted ones are delivered."""
    node = guard(limits=(quota("2/24h"),), max_recipients=100)
    to = [f"r{i}@box.test" for i in range(62)]
    with alice(postfix) as client:
        outcome = client.deliver(ALICE, to)
        assert outcome.gists == [ACCEPTED] * 2 + ["451 4.7.1 day"] * 60
        assert outcome.end.accepted
    postfix.wait_inbox("r0@box.test", "r1@box.test")
    assert node.used(ALICE, "day") == 2


def test_null_sender_counts_on_the_login(guard, postfix):
    node = guard(limits=(DAY,))
    with alice(postfix) as client:
        assert client.deliver("", ["x@y.example"]).accepted == 1
    assert node.used(ALICE, "day") == 1


def test_strangers_mail_is_untouched(guard, postfix):
    node = guard(limits=({"name": "all", "per": ["everyone"], "quota": "1/24h"},))
    node.suppress("gone@box.test")
    text = "Subject: hi\r\nX-Okite-Token: theirs\r\n\r\nhello\r\n"
    with Client(postfix.address).play("198.51.100.9") as client:
        assert client.deliver("a@far.example", ["gone@box.test", "b@box.test"], text).accepted == 2
    for message in postfix.wait_inbox("gone@box.test", "b@box.test"):
        assert message.get_all("X-Okite-Token") == ["theirs"]
    with alice(postfix) as client:
        assert client.deliver(ALICE, ["x@y.example"]).accepted == 1


def test_internal_domains_are_free(guard, postfix):
    node = guard(limits=(quota("1/24h"),), internal_domains=["box.test"])
    node.suppress("gone@box.test")
    to = ["gone@box.test", "b@box.test", "x@y.example", "z@y.example"]
    with alice(postfix) as client:
        assert client.deliver(ALICE, to).gists == [ACCEPTED] * 3 + ["451 4.7.1 day"]
    postfix.wait_inbox("gone@box.test", "b@box.test")
    assert node.used(ALICE, "day") == 1


# Postfix sends all of these on to gmail.example, though they look like corp.example's.
ROUTED = {
    "percent": "{}%gmail.example@corp.example",
    "quoted": '"{}@gmail.example"@corp.example',
    "bang": "gmail.example!{}@corp.example",
}


@pytest.mark.parametrize("address", ROUTED.values(), ids=ROUTED)
def test_routed_address_is_judged_as_what_it_becomes(guard, postfix, address):
    gmail = {"name": "gmail", "per": ["recipient_domain"], "quota": "2/24h"}
    gmail["when"] = {"recipient_domain": ["gmail.example"]}
    node = guard(limits=(DAY, gmail), internal_domains=["corp.example"])
    node.suppress("gone@gmail.example", "--reason", "hard")
    to = [address.format("gone"), address.format("victim"), "other@gmail.example"]
    to += [address.format("victim"), "victim@corp.example"]
    with alice(postfix) as client:
        outcome = client.deliver(ALICE, to)
    want = ["550 5.1.1 suppressed", ACCEPTED, ACCEPTED, "451 4.7.1 gmail", ACCEPTED]
    assert outcome.gists == want
    postfix.log.wait(r"to=<victim@gmail\.example>.*status=sent")
    assert node.used(ALICE, "day") == 2
    assert node.account(ALICE)["sent"] == 2
    assert node.log.wait(r"rule=gmail .*to=<victim@gmail\.example>")


def test_hold(guard, postfix):
    node = guard(limits=(quota("1/24h", action="hold"),))
    with alice(postfix) as client:
        assert client.deliver(ALICE, ["a@box.test"]).accepted == 1
        assert client.deliver(ALICE, ["b@box.test"]).accepted == 1
    postfix.wait_inbox("a@box.test")
    (held,) = postfix.wait_queue("hold")
    assert held["recipients"] == [{"address": "b@box.test"}]
    postfix.release()
    postfix.wait_inbox("b@box.test")
    assert node.used(ALICE, "day") == 2  # charged when it came, not again on release


def test_discard(guard, postfix):
    node = guard(suppression={"action": "discard"})
    node.suppress("gone@box.test")
    with alice(postfix) as client:
        assert client.deliver(ALICE, ["gone@box.test", "b@box.test"]).accepted == 2
        assert client.deliver(ALICE, ["gone@box.test"]).accepted == 1
    postfix.wait_inbox("b@box.test")
    postfix.wait_idle()
    assert [message["Delivered-To"] for message in postfix.inbox()] == ["b@box.test"]


def test_simulator_delivers_nothing(guard, postfix):
    node = guard(simulator="box.test")
    with alice(postfix) as client:
        to = ["success@box.test", "x@y.example", "complaint+1@box.test"]
        assert client.deliver(ALICE, to).accepted == 3
        assert client.deliver(ALICE, ["success@box.test"]).accepted == 1
    postfix.log.wait(r"to=<x@y\.example>.*status=sent")
    postfix.wait_idle()
    assert postfix.inbox() == []
    assert node.account(ALICE)["sent"] == 1


@pytest.mark.parametrize("settings", [{"mode": "observe"}, {"suppression": {"action": "observe"}}])
def test_observing_refuses_nothing(guard, postfix, settings):
    node = guard(limits=(quota("1/24h", action="observe"),), **settings)
    node.suppress("gone@box.test")
    with alice(postfix) as client:
        assert client.deliver(ALICE, ["gone@box.test", "b@box.test"]).accepted == 2
    postfix.wait_inbox("gone@box.test", "b@box.test")
    assert node.log.wait(r"rule=suppressed .*to=<gone@box\.test>")


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


def test_every_refusal_names_its_rule(guard, postfix):
    guard(limits=(quota("1/24h"),), max_recipients=2)
    with alice(postfix) as client:
        outcome = client.deliver(ALICE, [f"r{i}@y.example" for i in range(4)])
    for reply in outcome.replies[1:]:
        assert re.search(r"\[okite:[a-z0-9_-]+\]$", reply.text), reply
